#include "daemon/rpc/router.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <array>
#include <utility>

namespace phyll::rpc {
namespace {

/// Who connects has this long for the handshake, so that those who only connect hold nothing.
constexpr int handshake_ms = 5000;

/// The property that a frame of the message has; empty: none.
std::string property(zmq::message_t& frame, const char* name) {
    const char* value = zmq_msg_gets(frame.handle(), name);
    return value != nullptr ? value : "";
}

zmq::const_buffer buffer_of(const std::array<std::byte, 32>& bytes) {
    return zmq::buffer(bytes.data(), bytes.size());
}

} // namespace

Router::Router(boost::asio::io_context& loop, zmq::context_t& context, Received received)
    : socket_(context, zmq::socket_type::router),
      pump_(loop, socket_, [this] { return receive_frame(); }),
      received_(std::move(received)) {
    socket_.set(zmq::sockopt::router_mandatory, true);
    socket_.set(zmq::sockopt::sndhwm, send_queue);
    socket_.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(largest_frame));
    socket_.set(zmq::sockopt::linger, 200);
    // A client that is dead without saying so is noticed within seconds.
    socket_.set(zmq::sockopt::heartbeat_ivl, 2000);
    socket_.set(zmq::sockopt::heartbeat_timeout, 6000);
    socket_.set(zmq::sockopt::handshake_ivl, handshake_ms);
}

void Router::require_keys(const SecretKey& own) {
    if (zmq_has("curve") == 0) {
        throw Error(Code::unimplemented,
                    "this libzmq was built without CURVE, by which clients show their keys; "
                    "install one with it, such as Debian's");
    }
    asks_for_keys_ = true;
    socket_.set(zmq::sockopt::curve_server, true);
    socket_.set(zmq::sockopt::curve_secretkey, buffer_of(own.bytes()));
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
    pump_.look_again();
    return sent;
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
    Origin origin;
    if (!frames.empty()) { // The routing id's own part may come without the properties.
        origin.address = property(frames.front(), "Peer-Address");
        if (asks_for_keys_) { // else a peer may claim anything of itself
            origin.key = PublicKey::parse(property(frames.front(), "User-Id"));
        }
    }
    try {
        received_(std::move(peer_), origin, std::move(frames));
    } catch (const std::exception& error) {
        // Whoever waits for the socket must get to wait for it again.
        spdlog::error("a message could not be handled inside phylld, which serves on: {}",
                      error.what());
    }
}

} // namespace phyll::rpc
