#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/core/error.hpp"
#include "drivers/transports/traffic_log.hpp"
#include "drivers/transports/transport.hpp"
#include "drivers/transports/visa_resource.hpp"

#include <memory>
#include <string>

namespace phyll::transports {

/// SCPI over a raw TCP socket: messages and answers end with a line feed.
///
/// Raw sockets have no device clear: `clear` closes the connection and makes a new one.
class SocketTransport final : public Transport {
  public:
    /// `clock` and `log` outlive the transport.
    SocketTransport(std::string resource, SocketAddress address, const Clock& clock,
                    TrafficLog& log);
    ~SocketTransport() override;

    void connect(const Patience& patience) override;
    [[nodiscard]] bool connected() const noexcept override;
    using Transport::write;
    void write(std::span<const std::byte> message, const Patience& patience) override;
    [[nodiscard]] std::string read_line(const Patience& patience) override;
    [[nodiscard]] std::vector<std::byte> read_block(std::size_t most,
                                                    const Patience& patience) override;
    void clear(const Patience& patience) override;
    void shut() noexcept override;
    [[nodiscard]] bool is_shut() const noexcept override;
    [[nodiscard]] const std::string& address() const noexcept override { return resource_; }

  private:
    class Connection;

    std::string resource_;
    SocketAddress address_;
    std::unique_ptr<Connection> connection_; ///< keeps Asio out of every other source
};

} // namespace phyll::transports
