#pragma once

#include "daemon/rpc/frames.hpp"

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <compare>
#include <functional>
#include <string>

namespace phyll::rpc {

/// A ZeroMQ ROUTER on an Asio loop.
///
/// The socket's descriptor is edge-like: it says that something may have happened, not that there
/// is something to read, and any call on the socket may swallow the edge. So after each wake and
/// after each send the socket is read until ZMQ_EVENTS shows nothing more; only then is it waited
/// for. Thread rule: the loop's thread.
class Router {
  public:
    /// `peer` is the routing id; `address` is what ZeroMQ knows of who sent it, see `Identify`.
    using Received =
        std::function<void(std::string peer, const std::string& address, Frames frames)>;

    Router(boost::asio::io_context& loop, zmq::context_t& context, Received received);
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;
    ~Router();

    /// Binds and returns the address with the port that was really taken. Throws UNAVAILABLE.
    std::string bind(const std::string& address);
    void start();

    enum class Sent { yes, peer_gone, peer_full };
    /// Never blocks. Nothing is sent unless all of it is.
    Sent send(const std::string& peer, Frames frames);

  private:
    void wait();
    void drain();
    void schedule_drain();
    [[nodiscard]] bool readable();
    /// False when there is none at the moment.
    bool receive_frame();
    void hand_over();

    boost::asio::io_context& loop_;
    zmq::socket_t socket_;
    boost::asio::posix::stream_descriptor descriptor_;
    Received received_;
    bool drain_scheduled_ = false;
    bool draining_ = false;
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
