#include "clients/cpp/client.hpp"

#include "clients/cpp/endpoint.hpp"

#include <fmt/format.h>
#include <zmq.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace phyll {
namespace {

constexpr std::uint32_t protocol_version = 1;
/// Whoever listens has this long to show that it speaks ZeroMQ.
constexpr std::chrono::milliseconds handshake_time{5000};
/// How long the client waits for the daemon's own word that a call's time is over.
constexpr std::chrono::milliseconds grace{500};
/// A daemon closes the connection on a larger frame, which would look like a daemon that died.
constexpr std::size_t largest_frame = std::size_t{256} << 20U;

/// Items with a payload that may be on their way.
constexpr std::uint32_t credit_at_once = 16;

using Frames = std::vector<zmq::message_t>;

zmq::message_t serialise(const google::protobuf::Message& message) {
    const std::string bytes = message.SerializeAsString();
    return {bytes.data(), bytes.size()};
}

void parse(const zmq::message_t& frame, google::protobuf::Message& message) {
    if (!message.ParseFromArray(frame.data(), static_cast<int>(frame.size()))) {
        throw Error(Code::data_loss,
                    fmt::format("phylld answered with what cannot be read as a {}; "
                                "it may be of another version: see 'phylld "
                                "--version'",
                                message.GetTypeName()));
    }
}

void throw_unless_ok(const v1::Status& status) {
    if (status.code() == v1::OK) {
        return;
    }
    std::vector<FieldViolation> violations;
    for (const v1::FieldViolation& violation : status.violations()) {
        violations.push_back({violation.field(), violation.description()});
    }
    throw Error(static_cast<Code>(status.code()), status.message(), std::move(violations));
}

zmq::message_t payload_of(ConstBlock block) {
    if (block.size() > largest_frame / sizeof(float)) {
        throw invalid_field("stimuli",
                            fmt::format("{} samples of {} float32 are more than the {} MiB that "
                                        "fit in a frame; send them in several requests",
                                        block.samples(), block.channels(), largest_frame >> 20U));
    }
    return {block.data(), block.size() * sizeof(float)};
}

/// The block that a payload frame holds: as many samples as fit channels of the request's reply.
OwnedBlock read_block(const google::protobuf::Message& reply, const zmq::message_t& frame) {
    const google::protobuf::FieldDescriptor* field =
        reply.GetDescriptor()->FindFieldByName("responses");
    const auto& block =
        dynamic_cast<const v1::Block&>(reply.GetReflection()->GetMessage(reply, field));
    // In this order: a size that is wrong may be too large to be asked for, or to be multiplied.
    const std::size_t values = std::size_t{block.channels()} * block.samples();
    if (frame.size() % sizeof(float) != 0 || frame.size() / sizeof(float) != values) {
        throw Error(Code::data_loss,
                    fmt::format("phylld answered with a payload of {} bytes for {} samples of {} "
                                "float32",
                                frame.size(), block.samples(), block.channels()));
    }
    OwnedBlock out(block.channels(), block.samples());
    if (!frame.empty()) {
        std::memcpy(out.view().data(), frame.data(), frame.size());
    }
    return out;
}

std::span<const std::byte> payload_in(const Frames& frames, const std::string& method) {
    if (frames.size() != 2) {
        throw Error(Code::data_loss,
                    fmt::format("phylld sent an item of {} with {} frames behind the header; 2 are "
                                "expected",
                                method, frames.size()));
    }
    return {static_cast<const std::byte*>(frames[1].data()), frames[1].size()};
}

} // namespace

struct Client::Socket {
    zmq::context_t context;
    zmq::socket_t dealer{context, zmq::socket_type::dealer};
    /// Says when the connection was lost: ZeroMQ itself would reconnect without a word, and a
    /// daemon that was started again knows nothing of our calls.
    zmq::socket_t monitor{context, zmq::socket_type::pair};

    const std::string endpoint;

    /// Connects and waits until the other side has answered as ZeroMQ does.
    explicit Socket(std::string where) : endpoint(std::move(where)) {
        const std::string events = "inproc://connection";
        zmq_socket_monitor(dealer.handle(), events.c_str(),
                           ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED);
        monitor.connect(events);
        dealer.set(zmq::sockopt::linger, 200);
        dealer.set(zmq::sockopt::rcvhwm, 0);
        dealer.connect(endpoint);
        if (!poll_one(monitor, handshake_time) || next_event() == ZMQ_EVENT_DISCONNECTED) {
            throw Error(Code::unavailable,
                        fmt::format("whoever listens at {} is no phylld; say where one is with "
                                    "--endpoint",
                                    endpoint));
        }
    }

    void send(const v1::Header& header, Frames rest) {
        dealer.send(serialise(header),
                    rest.empty() ? zmq::send_flags::none : zmq::send_flags::sndmore);
        for (std::size_t i = 0; i < rest.size(); ++i) {
            dealer.send(rest[i],
                        i + 1 < rest.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
        }
    }

    ~Socket() { zmq_socket_monitor(dealer.handle(), nullptr, 0); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    int interrupt = -1; ///< ends waits when it becomes readable; -1: nothing does

    /// The next message for call `id`; throws DEADLINE_EXCEEDED, CANCELLED on a signal, UNAVAILABLE
    /// when the connection is lost.
    std::pair<v1::Header, Frames> receive(std::uint64_t id, Timeout timeout) {
        const auto start = std::chrono::steady_clock::now();
        for (;;) {
            std::chrono::milliseconds wait{-1};
            if (timeout) {
                const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(
                    std::chrono::steady_clock::now() - start);
                wait = std::max(*timeout - spent, std::chrono::milliseconds(0));
            }
            wait_for_message(wait);
            Frames frames;
            do {
                static_cast<void>(dealer.recv(frames.emplace_back()));
            } while (frames.back().more());
            v1::Header header;
            parse(frames.front(), header);
            if (header.id() == id) { // others are late words on calls that were given up
                frames.erase(frames.begin());
                return {std::move(header), std::move(frames)};
            }
        }
    }

  private:
    void wait_for_message(std::chrono::milliseconds wait) {
        std::array<zmq::pollitem_t, 3> items{{{dealer.handle(), 0, ZMQ_POLLIN, 0},
                                              {monitor.handle(), 0, ZMQ_POLLIN, 0},
                                              {nullptr, interrupt, ZMQ_POLLIN, 0}}};
        const std::size_t watched = interrupt >= 0 ? 3 : 2;
        if (poll(std::span(items).first(watched), wait) == 0) {
            throw Error(Code::deadline_exceeded,
                        fmt::format("phylld at {} did not answer in time; it may be busy: ask "
                                    "again, or give it more time",
                                    endpoint));
        }
        if ((items[2].revents & ZMQ_POLLIN) != 0) {
            throw Error(Code::cancelled, "interrupted");
        }
        if ((items[0].revents & ZMQ_POLLIN) == 0) {
            throw Error(Code::unavailable,
                        fmt::format("the connection to phylld at {} was lost; its log says why it "
                                    "stopped, if it did",
                                    endpoint));
        }
    }

    static bool poll_one(zmq::socket_t& socket, std::chrono::milliseconds wait) {
        std::array<zmq::pollitem_t, 1> items{{{socket.handle(), 0, ZMQ_POLLIN, 0}}};
        return poll(items, wait) > 0;
    }

    static int poll(std::span<zmq::pollitem_t> items, std::chrono::milliseconds wait) {
        try {
            return zmq::poll(items.data(), items.size(), wait);
        } catch (const zmq::error_t& error) {
            throw Error(Code::cancelled,
                        error.num() == EINTR ? "interrupted by a signal" : error.what());
        }
    }

    /// The number of the event that the monitor tells of: the first two bytes of two frames.
    int next_event() {
        zmq::message_t event;
        zmq::message_t address;
        static_cast<void>(monitor.recv(event));
        static_cast<void>(monitor.recv(address));
        std::uint16_t number = 0;
        std::memcpy(&number, event.data(), std::min(event.size(), sizeof number));
        return number;
    }
};

Client::Client(const std::string& endpoint) : endpoint_(endpoint) {
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
    socket_ = std::make_unique<Socket>(endpoint);
}

Client::~Client() = default;

void Client::interrupt_by(int descriptor) {
    socket_->interrupt = descriptor;
}

void Client::exchange(const std::string& method, const google::protobuf::Message& request,
                      const ConstBlock* stimuli, google::protobuf::Message& reply,
                      OwnedBlock* responses, Timeout timeout) {
    v1::Header header;
    header.set_kind(v1::REQUEST);
    header.set_id(++last_id_);
    header.set_method(method);
    header.set_version(protocol_version);
    if (timeout) {
        header.set_timeout_ms(static_cast<std::uint32_t>(timeout->count()));
        *timeout += grace;
    }
    Frames frames;
    frames.push_back(serialise(request));
    if (stimuli != nullptr) {
        frames.push_back(payload_of(*stimuli));
    }
    socket_->send(header, std::move(frames));
    try {
        const auto [answer, rest] = socket_->receive(last_id_, timeout);
        throw_unless_ok(answer.status());
        if (rest.size() != (responses == nullptr ? 1 : 2)) {
            throw Error(
                Code::data_loss,
                fmt::format("phylld answered {} with {} frames behind the header; {} are expected",
                            method, rest.size(), responses == nullptr ? 1 : 2));
        }
        parse(rest[0], reply);
        if (responses != nullptr) {
            *responses = read_block(reply, rest[1]);
        }
    } catch (const Error& error) {
        if (error.code() == Code::cancelled || error.code() == Code::deadline_exceeded) {
            cancel(header.id());
        }
        throw;
    }
}

void Client::receive_stream(const std::string& method, const google::protobuf::Message& request,
                            google::protobuf::Message& item, std::span<const std::byte>* payload,
                            const std::function<bool()>& on_item) {
    v1::Header header;
    header.set_credit(payload != nullptr ? credit_at_once : 0);
    header.set_kind(v1::REQUEST);
    header.set_id(++last_id_);
    header.set_method(method);
    header.set_version(protocol_version);
    Frames frames;
    frames.push_back(serialise(request));
    socket_->send(header, std::move(frames));
    for (;;) {
        std::pair<v1::Header, Frames> answer;
        try {
            answer = socket_->receive(header.id(), std::nullopt);
        } catch (const Error&) {
            cancel(header.id());
            throw;
        }
        if (answer.first.kind() != v1::ITEM) {
            throw_unless_ok(answer.first.status());
            return;
        }
        if (answer.second.empty()) {
            throw Error(Code::data_loss,
                        fmt::format("phylld sent an item of {} without a body", method));
        }
        item.Clear();
        parse(answer.second[0], item);
        if (payload != nullptr) {
            *payload = payload_in(answer.second, method);
        }
        if (!on_item()) {
            cancel(header.id());
            return;
        }
        if (payload != nullptr) {
            send_credit(header.id(), 1);
        }
    }
}

void Client::send_credit(std::uint64_t id, std::uint32_t items) {
    v1::Header header;
    header.set_kind(v1::CREDIT);
    header.set_id(id);
    header.set_credit(items);
    header.set_version(protocol_version);
    socket_->send(header, {});
}

void Client::cancel(std::uint64_t id) {
    v1::Header header;
    header.set_kind(v1::CANCEL);
    header.set_id(id);
    header.set_version(protocol_version);
    socket_->send(header, {});
}

} // namespace phyll
