#include "daemon/rpc/content.hpp"

#include <fmt/format.h>

#include <utility>

namespace phyll::rpc {

Content::Content(std::string method, Frames frames)
    : method_(std::move(method)), frames_(std::move(frames)) {}

Content::Content(std::string method, std::uint64_t item, Frames frames)
    : method_(std::move(method)), item_(item), frames_(std::move(frames)) {}

void Content::read_body(google::protobuf::Message& message) const {
    if (frames_.empty()) {
        throw Error(Code::invalid_argument,
                    fmt::format("{}: there is no body; a frame with a {} must follow the header",
                                where(), message.GetTypeName()));
    }
    const zmq::message_t& body = frames_.front();
    if (body.size() > largest_body) {
        throw Error(Code::invalid_argument,
                    fmt::format("{}: the body has {} bytes; at most {} MiB are read", where(),
                                body.size(), largest_body >> 20U));
    }
    if (!message.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
        throw Error(
            Code::invalid_argument,
            fmt::format("{}: the body cannot be read as a {}; it may be cut off, or of other "
                        ".proto files",
                        where(), message.GetTypeName()));
    }
}

HeldBlock Content::read_payload(const v1::Block& description, const std::string& field) {
    check_payload(field);
    zmq::message_t frame = std::move(frames_[1]);
    frames_.pop_back();
    return take_block(description, std::move(frame), field);
}

std::span<const std::byte> Content::read_bytes(const std::string& field) const {
    check_payload(field);
    return {static_cast<const std::byte*>(frames_[1].data()), frames_[1].size()};
}

void Content::check_payload(const std::string& field) const {
    if (frames_.size() != 2) {
        throw invalid_field(field, fmt::format("{} payload frames follow the body; one is expected",
                                               frames_.empty() ? 0 : frames_.size() - 1));
    }
}

std::string Content::where() const {
    return item_ ? fmt::format("{}, item {}", method_, *item_) : method_;
}

} // namespace phyll::rpc
