#include "daemon/rpc/call.hpp"

#include <fmt/format.h>

#include <limits>
#include <utility>

namespace phyll::rpc {
namespace {

/// Of a client that does not say how many items it is ready for.
constexpr std::uint64_t usual_credit = 16;

} // namespace

Call::Call(v1::Header header, Frames frames, Caller caller, Deadline deadline, bool streaming)
    : header_(std::move(header)),
      frames_(std::move(frames)),
      caller_(std::move(caller)),
      deadline_(deadline),
      streaming_(streaming),
      credit_(header_.credit() == 0 ? usual_credit : header_.credit()) {}

void Call::connect(Send send, Finished finished) {
    send_ = std::move(send);
    finished_ = std::move(finished);
}

void Call::read_body(google::protobuf::Message& request) const {
    if (frames_.empty()) {
        throw Error(
            Code::invalid_argument,
            fmt::format("{}: the request has no body; a frame with a {} must follow the header",
                        header_.method(), request.GetTypeName()));
    }
    const zmq::message_t& body = frames_.front();
    if (body.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
        !request.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
        throw Error(
            Code::invalid_argument,
            fmt::format("{}: the body cannot be read as a {}; it may be cut off, or of other "
                        ".proto files",
                        header_.method(), request.GetTypeName()));
    }
}

OwnedBlock Call::read_payload(const v1::Block& description, const std::string& field) const {
    if (frames_.size() != 2) {
        throw invalid_field(field, fmt::format("{} payload frames follow the body; one is expected",
                                               frames_.empty() ? 0 : frames_.size() - 1));
    }
    return take_block(description, frames_[1], field);
}

void Call::reply(const google::protobuf::Message& reply, Frames payload) {
    answer(v1::REPLY, &reply, std::move(payload));
}

void Call::item(const google::protobuf::Message& item, Frames payload) {
    answer(v1::ITEM, &item, std::move(payload));
}

bool Call::take_credit() {
    if (credit_ == 0) {
        return false;
    }
    --credit_;
    return true;
}

void Call::when_granted(std::function<void()> then) {
    if (!over_) {
        granted_ = std::move(then);
    }
}

void Call::grant(std::uint32_t items) {
    credit_ += items;
    if (const auto granted = std::exchange(granted_, nullptr)) {
        granted();
    }
}

void Call::end() {
    answer(v1::END, nullptr, {});
}

void Call::fail(const Error& error) {
    send_and_finish(bad_end(error), {});
}

void Call::abandon() {
    finish();
}

void Call::when_over(std::function<void()> then) {
    if (over_) {
        then();
    } else {
        then_ = std::move(then);
    }
}

v1::Header Call::bad_end(const Error& error) const {
    v1::Header header = header_of(streaming_ ? v1::END : v1::REPLY);
    to_wire(error, *header.mutable_status());
    return header;
}

void Call::answer(v1::Kind kind, const google::protobuf::Message* body, Frames payload) {
    v1::Header header = header_of(kind);
    if (kind == v1::ITEM) {
        header.set_sequence(items_++);
    } else {
        header.mutable_status()->set_code(v1::OK);
    }
    Frames frames;
    if (body != nullptr) {
        frames.push_back(serialise(*body));
    }
    std::move(payload.begin(), payload.end(), std::back_inserter(frames));
    send_and_finish(header, std::move(frames));
}

void Call::send_and_finish(const v1::Header& header, Frames frames) {
    if (over_) {
        return;
    }
    // Sending may find the peer gone, which ends the call and lets the server forget it.
    const std::shared_ptr<Call> self = shared_from_this();
    send_(header, std::move(frames));
    if (header.kind() != v1::ITEM) {
        finish();
    }
}

v1::Header Call::header_of(v1::Kind kind) const {
    v1::Header header;
    header.set_kind(kind);
    header.set_id(header_.id());
    header.set_version(protocol_version);
    return header;
}

void Call::finish() {
    if (over_) {
        return;
    }
    over_ = true;
    granted_ = nullptr;
    stop_.request_stop();
    // The server lets go of the call here; keep it until the caller's stack has unwound.
    const std::shared_ptr<Call> self = shared_from_this();
    if (const Finished finished = std::exchange(finished_, nullptr)) {
        finished();
    }
    if (const auto then = std::exchange(then_, nullptr)) {
        then();
    }
}

} // namespace phyll::rpc
