#pragma once

#include "daemon/rpc/frames.hpp"
#include "daemon/rpc/origin.hpp"
#include "daemon/rpc/socket_pump.hpp"

#include <compare>
#include <functional>
#include <string>

namespace phyll::rpc {

/// A ZeroMQ ROUTER on an Asio loop. Thread rule: the loop's thread.
class Router {
  public:
    /// `peer` is the routing id.
    using Received = std::function<void(std::string peer, const Origin& origin, Frames frames)>;

    Router(boost::asio::io_context& loop, zmq::context_t& context, Received received);
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;

    /// From here on only peers are let in that show this server's key and have one that the
    /// context's KeyGate knows. Called before `bind`.
    void require_keys(const SecretKey& own);
    /// Binds and returns the address with the port that was really taken. Throws UNAVAILABLE.
    std::string bind(const std::string& address);
    void start() { pump_.start(); }

    enum class Sent { yes, peer_gone, peer_full };
    /// Never blocks. Nothing is sent unless all of it is.
    Sent send(const std::string& peer, Frames frames);

  private:
    /// False when there is none at the moment.
    bool receive_frame();
    void hand_over();

    zmq::socket_t socket_;
    SocketPump pump_;
    Received received_;
    bool asks_for_keys_ = false;
    // Of the message that is being read.
    std::string peer_;
    Frames frames_;
    bool within_ = false; ///< the peer's routing id was read, and more comes
};

/// A client's connection: where it came in and the routing id that the socket gave it.
struct Peer {
    Router* router;
    std::string id;
    auto operator<=>(const Peer&) const = default;
};

} // namespace phyll::rpc
