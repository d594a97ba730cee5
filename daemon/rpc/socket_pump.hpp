#pragma once

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <zmq.hpp>

#include <functional>

namespace phyll::rpc {

/// Reads a ZeroMQ socket on an Asio loop.
///
/// The socket's descriptor is edge-like: it says that something may have happened, not that there
/// is something to read, and any call on the socket may swallow the edge. So after each wake, and
/// after whatever else was done with the socket, it is read until ZMQ_EVENTS shows nothing more;
/// only then is it waited for. Thread rule: the loop's thread.
class SocketPump {
  public:
    /// `read_one` reads a frame, or says by false that there is none at the moment. The socket
    /// outlives the pump.
    SocketPump(boost::asio::io_context& loop, zmq::socket_t& socket,
               std::function<bool()> read_one);
    SocketPump(const SocketPump&) = delete;
    SocketPump& operator=(const SocketPump&) = delete;
    ~SocketPump();

    void start();
    /// To be called after something else was done with the socket.
    void look_again();

  private:
    void wait();
    void drain();
    [[nodiscard]] bool readable();

    boost::asio::io_context& loop_;
    zmq::socket_t& socket_;
    boost::asio::posix::stream_descriptor descriptor_;
    std::function<bool()> read_one_;
    bool drain_scheduled_ = false;
    bool draining_ = false;
};

} // namespace phyll::rpc
