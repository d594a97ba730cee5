#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/transports/answer_reader.hpp"
#include "drivers/transports/traffic_log.hpp"
#include "drivers/transports/transport.hpp"
#include "drivers/transports/usbtmc/channel.hpp"
#include "drivers/transports/usbtmc/usb_device.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace phyll::transports::usbtmc {

/// SCPI over USBTMC. A message ends where the class says so, without a line feed; an answer is read
/// to its end, and may hold several lines for as many calls.
///
/// Errors begin with the resource string.
class UsbtmcTransport final : public Transport, private AnswerSource {
  public:
    /// `clock` and `log` outlive it.
    UsbtmcTransport(std::string resource, std::unique_ptr<UsbDevice> device, const Clock& clock,
                    TrafficLog& log);

    void connect(const Patience& patience) override;
    [[nodiscard]] bool connected() const noexcept override { return device_->is_open(); }
    using Transport::write;
    void write(std::span<const std::byte> message, const Patience& patience) override;
    [[nodiscard]] std::string read_line(const Patience& patience) override {
        return answers_.read_line(patience);
    }
    [[nodiscard]] std::vector<std::byte> read_block(std::size_t most,
                                                    const Patience& patience) override {
        return answers_.read_block(most, patience);
    }
    /// A device that cannot be cleared is closed: the next `connect` begins anew.
    void clear(const Patience& patience) override;
    void shut() noexcept override { device_->shut(); }
    [[nodiscard]] bool is_shut() const noexcept override { return device_->is_shut(); }
    [[nodiscard]] const std::string& address() const noexcept override { return resource_; }

  private:
    bool more(std::string& into, std::size_t wanted, const Patience& patience) override;
    [[nodiscard]] bool marks_ends() const noexcept override { return true; }
    void open(const Patience& patience);
    /// Does something with the device; what it throws is logged, and says which device.
    template <class What>
    auto with_device(What what);

    const std::string resource_;
    TrafficLog& log_;
    std::unique_ptr<UsbDevice> device_;
    Channel channel_;
    AnswerReader answers_;
};

} // namespace phyll::transports::usbtmc
