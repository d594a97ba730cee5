#include "clients/cpp/connection.hpp"

#include "clients/cpp/endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace phyll::wire {
namespace {

/// Whoever listens has this long to show that it speaks ZeroMQ.
constexpr std::chrono::milliseconds handshake_time{5000};

std::string checked(std::string endpoint) {
    if (!is_endpoint(endpoint)) {
        throw invalid_field("endpoint",
                            fmt::format("'{}'; valid is ipc://PATH or tcp://HOST:PORT", endpoint));
    }
    if (!somebody_listens(endpoint)) {
        throw Error(Code::unavailable,
                    fmt::format("no phylld answers at {}: start one, or say where it is with "
                                "--endpoint",
                                endpoint));
    }
    return endpoint;
}

bool poll(std::span<zmq::pollitem_t> items, Timeout timeout) {
    try {
        const std::chrono::milliseconds for_ever{-1};
        return zmq::poll(items.data(), items.size(), timeout.value_or(for_ever)) > 0;
    } catch (const zmq::error_t& error) {
        throw Error(Code::cancelled,
                    error.num() == EINTR ? "interrupted by a signal" : error.what());
    }
}

} // namespace

Connection::Connection(std::string endpoint) : endpoint_(checked(std::move(endpoint))) {
    const std::string events = "inproc://connection";
    zmq_socket_monitor(dealer_.handle(), events.c_str(),
                       ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED);
    monitor_.connect(events);
    dealer_.set(zmq::sockopt::linger, 200);
    dealer_.set(zmq::sockopt::rcvhwm, 0);
    dealer_.connect(endpoint_);
    std::array<zmq::pollitem_t, 1> items{{{monitor_.handle(), 0, ZMQ_POLLIN, 0}}};
    if (!poll(items, handshake_time)) {
        throw Error(Code::unavailable,
                    fmt::format("whoever listens at {} did not answer within 5 s: a phylld that is "
                                "too busy, or no phylld; try again, or say where one is with "
                                "--endpoint",
                                endpoint_));
    }
    if (next_event() == ZMQ_EVENT_DISCONNECTED) {
        throw Error(Code::unavailable,
                    fmt::format("whoever listens at {} is no phylld; say where one is with "
                                "--endpoint",
                                endpoint_));
    }
}

Connection::~Connection() {
    zmq_socket_monitor(dealer_.handle(), nullptr, 0);
}

void Connection::send(const v1::Header& header, Frames rest) {
    dealer_.send(serialise(header),
                 rest.empty() ? zmq::send_flags::none : zmq::send_flags::sndmore);
    for (std::size_t i = 0; i < rest.size(); ++i) {
        dealer_.send(rest[i],
                     i + 1 < rest.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
    }
}

std::optional<Message> Connection::receive(std::uint64_t id, Timeout timeout) {
    const auto start = std::chrono::steady_clock::now();
    for (;;) {
        Timeout left = timeout;
        if (left) {
            const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(
                std::chrono::steady_clock::now() - start);
            left = std::max(*timeout - spent, std::chrono::milliseconds(0));
        }
        if (!wait_for_message(left)) {
            return std::nullopt;
        }
        Message message = read_message();
        if (message.header.id() == id) {
            return message;
        }
    }
}

bool Connection::wait_for_message(Timeout timeout) {
    std::array<zmq::pollitem_t, 3> items{{{dealer_.handle(), 0, ZMQ_POLLIN, 0},
                                          {monitor_.handle(), 0, ZMQ_POLLIN, 0},
                                          {nullptr, interrupt_, ZMQ_POLLIN, 0}}};
    const std::size_t watched = interrupt_ >= 0 ? 3 : 2;
    if (!poll(std::span(items).first(watched), timeout)) {
        return false;
    }
    if ((items[2].revents & ZMQ_POLLIN) != 0) {
        throw Error(Code::cancelled, "interrupted");
    }
    if ((items[0].revents & ZMQ_POLLIN) == 0) {
        throw Error(Code::unavailable,
                    fmt::format("the connection to phylld at {} was lost; its log says why it "
                                "stopped, if it did",
                                endpoint_));
    }
    return true;
}

Message Connection::read_message() {
    zmq::message_t first;
    static_cast<void>(dealer_.recv(first));
    Message message;
    for (bool more = first.more(); more; more = message.rest.back().more()) {
        static_cast<void>(dealer_.recv(message.rest.emplace_back()));
    }
    parse(first, message.header); // last, so that what follows begins with a header again
    return message;
}

int Connection::next_event() {
    zmq::message_t event;
    zmq::message_t address;
    static_cast<void>(monitor_.recv(event));
    static_cast<void>(monitor_.recv(address));
    // The first two bytes of two frames.
    std::uint16_t number = 0;
    std::memcpy(&number, event.data(), std::min(event.size(), sizeof number));
    return number;
}

} // namespace phyll::wire
