#include "clients/cpp/wire_messages.hpp"

#include <fmt/format.h>

#include <cstring>
#include <utility>

namespace phyll::wire {

v1::Header header_of(v1::Kind kind, std::uint64_t id) {
    v1::Header header;
    header.set_kind(kind);
    header.set_id(id);
    header.set_version(protocol_version);
    return header;
}

v1::Header request_header(std::uint64_t id, const std::string& method, const std::string& lease) {
    v1::Header header = header_of(v1::REQUEST, id);
    header.set_method(method);
    header.set_lease(lease);
    return header;
}

zmq::message_t serialise(const google::protobuf::Message& message) {
    zmq::message_t frame(message.ByteSizeLong());
    message.SerializeWithCachedSizesToArray(static_cast<std::uint8_t*>(frame.data()));
    return frame;
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

OwnedBlock block_in(const v1::Block& description, const zmq::message_t& frame) {
    // In this order: a size that is wrong may be too large to be asked for, or to be multiplied.
    const std::size_t values = std::size_t{description.channels()} * description.samples();
    if (frame.size() % sizeof(float) != 0 || frame.size() / sizeof(float) != values) {
        throw Error(Code::data_loss,
                    fmt::format("phylld answered with a payload of {} bytes for {} samples of {} "
                                "float32",
                                frame.size(), description.samples(), description.channels()));
    }
    OwnedBlock out(description.channels(), description.samples());
    if (!frame.empty()) {
        std::memcpy(out.view().data(), frame.data(), frame.size());
    }
    return out;
}

} // namespace phyll::wire
