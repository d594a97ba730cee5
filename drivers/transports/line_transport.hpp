#pragma once

#include "drivers/transports/answering_transport.hpp"
#include "drivers/transports/stream_port.hpp"
#include "drivers/transports/traffic_log.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace phyll::transports {

/// SCPI over a way for bytes, a raw socket or a serial line: messages and answers end with a line
/// feed.
class LineTransport final : public AnsweringTransport {
  public:
    /// `log` outlives the transport.
    LineTransport(std::unique_ptr<StreamPort> port, TrafficLog& log);

    void connect(const Patience& patience) override;
    [[nodiscard]] bool connected() const noexcept override { return port_->connected(); }
    using Transport::write;
    void write(std::span<const std::byte> message, const Patience& patience) override;
    void clear(const Patience& patience) override;
    void shut() noexcept override { port_->shut(); }
    [[nodiscard]] bool is_shut() const noexcept override { return port_->is_shut(); }

  private:
    bool more(std::string& into, std::size_t wanted, const Patience& patience) override;
    [[nodiscard]] bool marks_ends() const noexcept override { return false; }

    std::unique_ptr<StreamPort> port_;
    std::vector<std::byte> piece_;
};

} // namespace phyll::transports
