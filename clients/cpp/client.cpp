#include "clients/cpp/client.hpp"

#include <fmt/format.h>

namespace phyll {
namespace {

/// How long the client waits for the daemon's own word that a call's time is over.
constexpr std::chrono::milliseconds grace{500};
/// Items with a payload that may be on their way.
constexpr std::uint32_t credit_at_once = 16;

/// The block that a reply's payload frame holds.
OwnedBlock responses_in(const google::protobuf::Message& reply, const zmq::message_t& frame) {
    const google::protobuf::Descriptor& type = *reply.GetDescriptor();
    int field = 0;
    while (type.field(field)->message_type() != v1::Block::descriptor()) {
        ++field; // a method that gives a payload describes it
    }
    return wire::block_in(
        dynamic_cast<const v1::Block&>(reply.GetReflection()->GetMessage(reply, type.field(field))),
        frame);
}

std::span<const std::byte> payload_in(const wire::Frames& frames, const std::string& method) {
    if (frames.size() != 2) {
        throw Error(Code::data_loss,
                    fmt::format("phylld sent an item of {} with {} frames behind the header; 2 are "
                                "expected",
                                method, frames.size()));
    }
    return {static_cast<const std::byte*>(frames[1].data()), frames[1].size()};
}

} // namespace

void Client::exchange(const std::string& method, const google::protobuf::Message& request,
                      wire::Frames payload, google::protobuf::Message& reply, OwnedBlock* responses,
                      Timeout timeout) {
    wire::Frames frames = std::move(payload);
    frames.insert(frames.begin(), wire::serialise(request));
    send_request(method, 0, timeout, std::move(frames));
    try {
        const auto answer =
            connection_.receive(last_id_, timeout ? Timeout(*timeout + grace) : std::nullopt);
        if (!answer) {
            throw Error(Code::deadline_exceeded,
                        fmt::format("phylld at {} did not answer in time; it may be busy: ask "
                                    "again, or give it more time",
                                    endpoint()));
        }
        wire::throw_unless_ok(answer->header.status());
        const wire::Frames& rest = answer->rest;
        if (rest.size() != (responses == nullptr ? 1 : 2)) {
            throw Error(
                Code::data_loss,
                fmt::format("phylld answered {} with {} frames behind the header; {} are expected",
                            method, rest.size(), responses == nullptr ? 1 : 2));
        }
        wire::parse(rest[0], reply);
        if (responses != nullptr) {
            *responses = responses_in(reply, rest[1]);
        }
    } catch (const Error& error) {
        if (error.code() == Code::cancelled || error.code() == Code::deadline_exceeded) {
            cancel(last_id_);
        }
        throw;
    }
}

void Client::receive_stream(const std::string& method, const google::protobuf::Message& request,
                            google::protobuf::Message& item, std::span<const std::byte>* payload,
                            const std::function<bool()>& on_item) {
    wire::Frames frames;
    frames.push_back(wire::serialise(request));
    send_request(method, payload != nullptr ? credit_at_once : 0, std::nullopt, std::move(frames));
    const std::uint64_t id = last_id_;
    for (;;) {
        wire::Message answer;
        try {
            answer = connection_.receive(id, std::nullopt).value();
        } catch (const Error&) {
            cancel(id);
            throw;
        }
        if (answer.header.kind() != v1::ITEM) {
            wire::throw_unless_ok(answer.header.status());
            return;
        }
        if (answer.rest.empty()) {
            throw Error(Code::data_loss,
                        fmt::format("phylld sent an item of {} without a body", method));
        }
        item.Clear();
        wire::parse(answer.rest[0], item);
        if (payload != nullptr) {
            *payload = payload_in(answer.rest, method);
        }
        if (!on_item()) {
            cancel(id);
            return;
        }
        if (payload != nullptr) {
            send_credit(id, 1);
        }
    }
}

void Client::send_request(const std::string& method, std::uint32_t credit, Timeout timeout,
                          wire::Frames frames) {
    v1::Header header = wire::request_header(++last_id_, method, lease_);
    header.set_credit(credit);
    if (timeout) {
        header.set_timeout_ms(static_cast<std::uint32_t>(timeout->count()));
    }
    connection_.send(header, std::move(frames));
}

void Client::send_credit(std::uint64_t id, std::uint32_t items) {
    v1::Header header = wire::header_of(v1::CREDIT, id);
    header.set_credit(items);
    connection_.send(header, {});
}

void Client::cancel(std::uint64_t id) {
    connection_.send(wire::header_of(v1::CANCEL, id), {});
}

} // namespace phyll
