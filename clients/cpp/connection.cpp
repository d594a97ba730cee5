#include "clients/cpp/connection.hpp"

#include "clients/cpp/endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace phyll::wire {
namespace {

/// Whoever listens has this long to show that it is the phylld that is meant.
constexpr std::chrono::seconds connect_time{5};

void require_listener(const std::string& endpoint, Instant deadline) {
    if (!is_endpoint(endpoint)) {
        throw invalid_field("endpoint",
                            fmt::format("'{}'; valid is ipc://PATH or tcp://HOST:PORT", endpoint));
    }
    if (!somebody_listens(endpoint, deadline)) {
        throw Error(Code::unavailable,
                    fmt::format("no phylld answers at {}: start one, or say where it is with "
                                "--endpoint",
                                endpoint));
    }
}

zmq::const_buffer raw(const std::array<std::byte, 32>& key) {
    return zmq::buffer(key);
}

void show(const Credentials& keys, zmq::socket_t& socket) {
    socket.set(zmq::sockopt::curve_serverkey, raw(keys.server.bytes));
    socket.set(zmq::sockopt::curve_publickey, raw(keys.own.public_key().bytes));
    socket.set(zmq::sockopt::curve_secretkey, raw(keys.own.bytes()));
}

std::chrono::milliseconds until(Instant deadline) {
    return std::max(
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()),
        std::chrono::milliseconds(0));
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

Connection::Connection(Address address) : address_(std::move(address)) {
    const Instant deadline = std::chrono::steady_clock::now() + connect_time;
    require_listener(endpoint(), deadline);
    const std::string events = "inproc://connection";
    zmq_socket_monitor(dealer_.handle(), events.c_str(),
                       ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                           ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                           ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_DISCONNECTED);
    monitor_.connect(events);
    dealer_.set(zmq::sockopt::linger, 200);
    dealer_.set(zmq::sockopt::rcvhwm, 0);
    if (address_.credentials) {
        show(*address_.credentials, dealer_);
    }
    dealer_.connect(endpoint());
    await_handshake(deadline);
}

void Connection::await_handshake(Instant deadline) {
    std::array<zmq::pollitem_t, 1> items{{{monitor_.handle(), 0, ZMQ_POLLIN, 0}}};
    if (!poll(items, until(deadline))) {
        throw Error(Code::unavailable,
                    fmt::format("whoever listens at {} did not answer within 5 s: a phylld that is "
                                "too busy, or no phylld; try again, or say where one is with "
                                "--endpoint",
                                endpoint()));
    }
    const Event event = next_event();
    if (event.number != ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
        throw handshake_error(address_, event, deadline);
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
                                endpoint()));
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

Event Connection::next_event() {
    zmq::message_t told;
    zmq::message_t peer;
    static_cast<void>(monitor_.recv(told));
    static_cast<void>(monitor_.recv(peer));
    // 16 and 32 bits of the first of two frames.
    std::uint16_t number = 0;
    Event event;
    if (told.size() >= sizeof number + sizeof event.value) {
        std::memcpy(&number, told.data(), sizeof number);
        std::memcpy(&event.value, told.data<std::byte>() + sizeof number, sizeof event.value);
    }
    event.number = number;
    return event;
}

} // namespace phyll::wire
