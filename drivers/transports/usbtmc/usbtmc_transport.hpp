#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/transports/answering_transport.hpp"
#include "drivers/transports/traffic_log.hpp"
#include "drivers/transports/usbtmc/channel.hpp"
#include "drivers/transports/usbtmc/usb_device.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace phyll::transports::usbtmc {

/// SCPI over USBTMC. A message ends where the class says so, without a line feed; an answer is read
/// to its end, and may hold several lines for as many calls.
///
/// Errors begin with the resource string.
class UsbtmcTransport final : public AnsweringTransport {
  public:
    /// `clock` and `log` outlive it.
    UsbtmcTransport(std::string resource, std::unique_ptr<UsbDevice> device, const Clock& clock,
                    TrafficLog& log);

    void connect(const Patience& patience) override;
    [[nodiscard]] bool connected() const noexcept override { return device_->is_open(); }
    using Transport::write;
    void write(std::span<const std::byte> message, const Patience& patience) override;
    /// A device that cannot be cleared is closed: the next `connect` begins anew.
    void clear(const Patience& patience) override;
    void shut() noexcept override { device_->shut(); }
    [[nodiscard]] bool is_shut() const noexcept override { return device_->is_shut(); }

  private:
    bool more(std::string& into, std::size_t wanted, const Patience& patience) override;
    [[nodiscard]] bool marks_ends() const noexcept override { return true; }
    void open(const Patience& patience);
    /// Does something with the device; what it throws is logged, and says which device.
    template <class What>
    auto with_device(What what);

    std::unique_ptr<UsbDevice> device_;
    Channel channel_;
};

} // namespace phyll::transports::usbtmc
