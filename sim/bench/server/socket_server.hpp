#pragma once

#include "drivers/core/descriptor.hpp"
#include "sim/bench/server/absence.hpp"
#include "sim/bench/server/asio.hpp"
#include "sim/bench/server/station.hpp"
#include "sim/bench/server/way.hpp"

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>

namespace phyll::bench {

/// A port of 127.0.0.1 that stays ours: while nobody listens, connections are refused.
class ReservedPort {
  public:
    /// Port 0: any free one. Throws UNAVAILABLE when it is taken.
    explicit ReservedPort(std::uint16_t port);

    [[nodiscard]] std::uint16_t number() const noexcept { return number_; }
    /// A socket that listens there, for as long as it lives. Throws UNAVAILABLE.
    [[nodiscard]] boost::asio::ip::tcp::acceptor listen(boost::asio::io_context& context) const;

  private:
    Descriptor socket_;
    std::uint16_t number_ = 0;
};

/// Raw SCPI over TCP, as instruments offer it on port 5025: messages that end with a line feed, up
/// to 4 connections at once.
class SocketServer final : public WayServer {
  public:
    static constexpr std::size_t most_connections = 4;

    SocketServer(Loop& loop, const ReservedPort& port, Station& station, Waiting& waiting);
    SocketServer(const SocketServer&) = delete;
    SocketServer& operator=(const SocketServer&) = delete;
    ~SocketServer() override;

    /// "TCPIP0::127.0.0.1::PORT::SOCKET"
    [[nodiscard]] std::string address() const override;
    void start() override { listen(); }
    [[nodiscard]] std::size_t connections() const override { return sessions_.size(); }
    /// Connections are refused meanwhile.
    void go_offline(Seconds off) override;

  private:
    class Session;

    void listen();
    void accept();
    void close_all();
    void close(const std::list<std::shared_ptr<Session>>& sessions);
    void ended(const std::shared_ptr<Session>& session);

    Loop& loop_;
    const ReservedPort& port_;
    Station& station_;
    Waiting& waiting_;
    std::optional<boost::asio::ip::tcp::acceptor> acceptor_;
    std::list<std::shared_ptr<Session>> sessions_;
    Absence absence_;
};

} // namespace phyll::bench
