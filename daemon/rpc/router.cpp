#include "daemon/rpc/router.hpp"

#include <boost/asio/post.hpp>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <limits>

namespace phyll::rpc {
namespace {

/// Frames read per wake before the loop's other work gets its turn. ZeroMQ gives each peer that has
/// something its turn after every message.
constexpr int batch = 64;

} // namespace

Router::Router(boost::asio::io_context& loop, zmq::context_t& context, Received received)
    : loop_(loop),
      socket_(context, zmq::socket_type::router),
      descriptor_(loop),
      received_(std::move(received)) {
    socket_.set(zmq::sockopt::router_mandatory, true);
    socket_.set(zmq::sockopt::sndhwm, send_queue);
    socket_.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(largest_frame));
    socket_.set(zmq::sockopt::linger, 200);
    // A client that is dead without saying so is noticed within seconds.
    socket_.set(zmq::sockopt::heartbeat_ivl, 2000);
    socket_.set(zmq::sockopt::heartbeat_timeout, 6000);
}

Router::~Router() {
    if (descriptor_.is_open()) {
        descriptor_.release(); // the descriptor is the socket's
    }
}

std::string Router::bind(const std::string& address) {
    try {
        socket_.bind(address);
    } catch (const zmq::error_t& error) {
        throw Error(Code::unavailable,
                    fmt::format("cannot listen on {}: {}{}", address, error.what(),
                                error.num() == EADDRINUSE
                                    ? "; stop the program that does, or choose another with "
                                      "--listen (port 0 picks a free one)"
                                    : ""));
    }
    return socket_.get(zmq::sockopt::last_endpoint);
}

void Router::start() {
    descriptor_.assign(socket_.get(zmq::sockopt::fd));
    drain();
    wait();
}

Router::Sent Router::send(const std::string& peer, Frames frames) {
    const auto flags = [&](std::size_t index) {
        return index + 1 < frames.size() ? zmq::send_flags::sndmore | zmq::send_flags::dontwait
                                         : zmq::send_flags::dontwait;
    };
    Sent sent = Sent::yes;
    try {
        // With ROUTER_MANDATORY only the first part can fail: the rest belongs to the same message.
        if (!socket_.send(zmq::message_t(peer),
                          zmq::send_flags::sndmore | zmq::send_flags::dontwait)) {
            sent = Sent::peer_full;
        } else {
            for (std::size_t i = 0; i < frames.size(); ++i) {
                static_cast<void>(socket_.send(frames[i], flags(i)));
            }
        }
    } catch (const zmq::error_t& error) {
        if (error.num() != EHOSTUNREACH) {
            throw;
        }
        sent = Sent::peer_gone;
    }
    schedule_drain();
    return sent;
}

void Router::wait() {
    descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                           [this](const boost::system::error_code& error) {
                               if (!error) {
                                   drain();
                                   wait();
                               }
                           });
}

void Router::schedule_drain() {
    if (draining_ || drain_scheduled_) {
        return;
    }
    drain_scheduled_ = true;
    boost::asio::post(loop_, [this] {
        drain_scheduled_ = false;
        drain();
    });
}

void Router::drain() {
    draining_ = true; // what is sent meanwhile need not call for another
    bool more = true;
    for (int i = 0; i < batch && more; ++i) {
        more = receive_frame() || readable();
    }
    draining_ = false;
    if (more) {
        schedule_drain();
    }
}

bool Router::readable() {
    return (socket_.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0;
}

bool Router::receive_frame() {
    zmq::message_t frame;
    if (!socket_.recv(frame, zmq::recv_flags::dontwait)) {
        return false;
    }
    const bool last = !frame.more();
    if (!within_) {
        peer_ = frame.to_string();
    } else if (frames_.size() < most_frames) {
        frames_.push_back(std::move(frame));
    }
    within_ = !last;
    if (last) {
        hand_over();
    }
    return true;
}

void Router::hand_over() {
    Frames frames = std::exchange(frames_, {});
    // The routing id's own part may come without the property.
    const char* address =
        frames.empty() ? nullptr : zmq_msg_gets(frames.front().handle(), "Peer-Address");
    try {
        received_(std::move(peer_), address != nullptr ? address : "", std::move(frames));
    } catch (const std::exception& error) {
        // Whoever waits for the socket must get to wait for it again.
        spdlog::error("a message could not be handled inside phylld, which serves on: {}",
                      error.what());
    }
}

} // namespace phyll::rpc
