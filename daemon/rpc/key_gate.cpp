#include "daemon/rpc/key_gate.hpp"

#include <spdlog/spdlog.h>

#include <array>
#include <cstring>
#include <optional>

namespace phyll::rpc {
namespace {

/// Frames of a request that matter here.
enum Part : std::size_t {
    version = 0,
    request_id = 1,
    peer_address = 3,
    mechanism = 5,
    shown_key = 6
};

/// The key that is shown; nothing where it is none.
std::optional<PublicKey> key_in(const std::vector<std::string>& request) {
    PublicKey key;
    if (request.size() != shown_key + 1 || request[version] != "1.0" ||
        request[mechanism] != "CURVE" || request[shown_key].size() != key.bytes.size()) {
        return std::nullopt;
    }
    std::memcpy(key.bytes.data(), request[shown_key].data(), key.bytes.size());
    return key;
}

} // namespace

KeyGate::KeyGate(boost::asio::io_context& loop, zmq::context_t& context, const KeyRing& ring,
                 TurnedAway turned_away)
    : socket_(context, zmq::socket_type::rep),
      pump_(loop, socket_, [this] { return answer_one(); }),
      ring_(ring),
      turned_away_(std::move(turned_away)) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.bind("inproc://zeromq.zap.01");
}

bool KeyGate::answer_one() {
    try {
        zmq::message_t frame;
        if (!socket_.recv(frame, zmq::recv_flags::dontwait)) {
            return false;
        }
        std::vector<std::string> request{frame.to_string()};
        while (frame.more()) {
            static_cast<void>(socket_.recv(frame)); // the rest of a message is there
            request.push_back(frame.to_string());
        }
        answer(request);
        return true;
    } catch (const std::exception& error) {
        // Whoever waits for the socket must get to wait for it again.
        spdlog::error("who is at the door got no answer, and may try again: {}", error.what());
        return false;
    }
}

void KeyGate::answer(const std::vector<std::string>& request) {
    const std::optional<PublicKey> key = key_in(request);
    const bool welcome = key && ring_.lets_in(*key);
    const std::array<std::string, 6> reply{"1.0",
                                           request.size() > request_id ? request[request_id] : "",
                                           welcome ? "200" : "400",
                                           welcome ? "OK" : "the key is not known here",
                                           welcome ? key->text()
                                                   : "", // the property "User-Id" of what it sends
                                           ""};
    for (std::size_t i = 0; i < reply.size(); ++i) {
        static_cast<void>(socket_.send(zmq::buffer(reply[i]), i + 1 < reply.size()
                                                                  ? zmq::send_flags::sndmore
                                                                  : zmq::send_flags::none));
    }
    if (!welcome) {
        turned_away_(key, request.size() > peer_address ? request[peer_address] : "");
    }
}

} // namespace phyll::rpc
