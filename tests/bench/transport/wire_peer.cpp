#include "tests/bench/transport/wire_peer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace phyll::bench {
namespace {

using Clock = std::chrono::steady_clock;

/// As a client in C++ sends a block that it owns.
zmq::message_t frame_of(const std::string& bytes) {
    constexpr std::size_t worth_no_copy = 4096;
    if (bytes.size() < worth_no_copy) {
        return zmq::message_t(bytes);
    }
    return {const_cast<char*>(bytes.data()), bytes.size(), [](void*, void*) {}, nullptr};
}

} // namespace

WirePeer::WirePeer(const std::string& endpoint) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::rcvtimeo, 30'000);
    socket_.connect(endpoint);
}

void WirePeer::send(const Frames& message) {
    for (std::size_t i = 0; i < message.size(); ++i) {
        socket_.send(frame_of(message[i]),
                     i + 1 < message.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
    }
}

void WirePeer::send(const Frames& head, const std::string& payload) {
    for (const std::string& frame : head) {
        socket_.send(frame_of(frame), zmq::send_flags::sndmore);
    }
    socket_.send(frame_of(payload), zmq::send_flags::none);
}

bool WirePeer::try_send(const Frames& message) {
    zmq::message_t first = frame_of(message[0]);
    if (!socket_.send(first, zmq::send_flags::sndmore | zmq::send_flags::dontwait)) {
        return false;
    }
    for (std::size_t i = 1; i < message.size(); ++i) {
        socket_.send(frame_of(message[i]),
                     i + 1 < message.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
    }
    return true;
}

const std::vector<zmq::message_t>& WirePeer::receive(std::size_t frames) {
    answer_.clear();
    do {
        if (!socket_.recv(answer_.emplace_back())) {
            throw std::runtime_error("no answer within 30 s");
        }
    } while (answer_.back().more());
    if (answer_.size() != frames) {
        v1::Header header;
        header.ParseFromArray(answer_[0].data(), static_cast<int>(answer_[0].size()));
        throw std::runtime_error(fmt::format("{} frames instead of {}: {}", answer_.size(), frames,
                                             header.status().message()));
    }
    return answer_;
}

std::size_t WirePeer::drop_what_came() {
    std::size_t messages = 0;
    zmq::message_t frame;
    while (socket_.recv(frame, zmq::recv_flags::dontwait)) {
        messages += frame.more() ? 0 : 1;
    }
    return messages;
}

Frames request_of(const std::string& method, std::uint64_t id,
                  const google::protobuf::Message& body, const std::string& lease) {
    v1::Header header;
    header.set_kind(v1::REQUEST);
    header.set_id(id);
    header.set_method(method);
    header.set_lease(lease);
    header.set_version(1);
    return {header.SerializeAsString(), body.SerializeAsString()};
}

std::vector<double> round_trips(WirePeer& peer, const Frames& message, std::size_t answer_frames,
                                std::size_t count) {
    std::vector<double> times(count);
    for (double& time : times) {
        const auto start = Clock::now();
        peer.send(message);
        peer.receive(answer_frames);
        time = std::chrono::duration<double, std::micro>(Clock::now() - start).count();
    }
    return times;
}

double rate(WirePeer& peer, const std::vector<Frames>& window, std::size_t answer_frames,
            std::size_t count) {
    const auto start = Clock::now();
    std::size_t sent = 0;
    for (; sent < std::min(window.size(), count); ++sent) {
        peer.send(window[sent]);
    }
    for (std::size_t received = 0; received < count; ++received) {
        peer.receive(answer_frames);
        if (sent < count) {
            peer.send(window[sent % window.size()]);
            ++sent;
        }
    }
    return static_cast<double>(count) / std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
    return quantile(std::move(values), 0.5);
}

double quantile(std::vector<double> values, double share) {
    const auto place = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + place, values.end());
    return values[static_cast<std::size_t>(place)];
}

} // namespace phyll::bench
