#include "daemon/rpc/socket_pump.hpp"

#include <boost/asio/post.hpp>

namespace phyll::rpc {
namespace {

/// Frames read per wake before the loop's other work gets its turn. ZeroMQ gives each peer that has
/// something its turn after every message.
constexpr int batch = 64;

} // namespace

SocketPump::SocketPump(boost::asio::io_context& loop, zmq::socket_t& socket,
                       std::function<bool()> read_one)
    : loop_(loop), socket_(socket), descriptor_(loop), read_one_(std::move(read_one)) {}

SocketPump::~SocketPump() {
    if (descriptor_.is_open()) {
        descriptor_.release(); // the descriptor is the socket's
    }
}

void SocketPump::start() {
    descriptor_.assign(socket_.get(zmq::sockopt::fd));
    drain();
    wait();
}

void SocketPump::wait() {
    descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                           [this](const boost::system::error_code& error) {
                               if (!error) {
                                   drain();
                                   wait();
                               }
                           });
}

void SocketPump::look_again() {
    if (draining_ || drain_scheduled_) {
        return;
    }
    drain_scheduled_ = true;
    boost::asio::post(loop_, [this] {
        drain_scheduled_ = false;
        drain();
    });
}

void SocketPump::drain() {
    draining_ = true; // what is sent meanwhile need not call for another
    bool more = true;
    for (int i = 0; i < batch && more; ++i) {
        more = read_one_() || readable();
    }
    draining_ = false;
    if (more) {
        look_again();
    }
}

bool SocketPump::readable() {
    return (socket_.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0;
}

} // namespace phyll::rpc
