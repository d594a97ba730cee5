#include "daemon/rpc/frames.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <numeric>
#include <utility>

namespace phyll::rpc {
namespace {

static_assert(std::endian::native == std::endian::little,
              "payload frames are little-endian and are not converted");

/// A smaller frame is copied: it may lie within memory that much else came with.
constexpr std::size_t worth_no_copy = std::size_t{16} << 10U;

void describe(ConstBlock block, v1::Block& description) {
    description.set_channels(static_cast<std::uint32_t>(block.channels()));
    description.set_samples(static_cast<std::uint32_t>(block.samples()));
}

bool parse_message(const zmq::message_t& frame, google::protobuf::Message& message) {
    return message.ParseFromArray(frame.data(), static_cast<int>(frame.size()));
}

/// Throws INVALID_ARGUMENT naming `field` unless the frame is as large as described.
void check_size(const v1::Block& description, const zmq::message_t& frame,
                const std::string& field) {
    static_assert(sizeof(std::size_t) == 8, "a product of two 32-bit sizes does not overflow");
    const std::size_t values = std::size_t{description.channels()} * description.samples();
    if (values == 0) {
        throw invalid_field(field, fmt::format("{} samples of {} channels hold no value; at least "
                                               "one sample of one channel is needed",
                                               description.samples(), description.channels()));
    }
    // Not `values * sizeof(float)` before this: that can overflow.
    if (values > largest_frame / sizeof(float)) {
        throw invalid_field(
            field,
            fmt::format("{} samples of {} float32 are more than the {} MiB that fit in a "
                        "frame; send them in several requests",
                        description.samples(), description.channels(), largest_frame >> 20U));
    }
    if (frame.size() != values * sizeof(float)) {
        throw invalid_field(
            field, fmt::format("the payload has {} bytes, but {} samples of {} float32 have {}",
                               frame.size(), description.samples(), description.channels(),
                               values * sizeof(float)));
    }
}

} // namespace

std::optional<Incoming> parse(Frames frames) {
    Incoming incoming;
    if (frames.empty() || frames.front().size() > largest_header ||
        !parse_message(frames.front(), incoming.header) ||
        incoming.header.kind() == v1::KIND_UNSPECIFIED) {
        return std::nullopt;
    }
    incoming.rest.assign(std::make_move_iterator(frames.begin() + 1),
                         std::make_move_iterator(frames.end()));
    return incoming;
}

std::size_t bytes_of(const Frames& frames) {
    return std::accumulate(frames.begin(), frames.end(), std::size_t{0},
                           [](std::size_t sum, const auto& frame) { return sum + frame.size(); });
}

zmq::message_t serialise(const google::protobuf::Message& message) {
    zmq::message_t frame(message.ByteSizeLong());
    message.SerializeWithCachedSizesToArray(static_cast<std::uint8_t*>(frame.data()));
    return frame;
}

HeldBlock take_block(const v1::Block& description, zmq::message_t frame, const std::string& field) {
    check_size(description, frame, field);
    const bool aligned = reinterpret_cast<std::uintptr_t>(frame.data()) % alignof(float) == 0;
    if (frame.size() >= worth_no_copy && aligned) {
        const auto held = std::make_shared<const zmq::message_t>(std::move(frame));
        return {{held->data<float>(), description.channels(), description.samples()}, held};
    }
    OwnedBlock block(description.channels(), description.samples());
    std::memcpy(block.view().data(), frame.data(), frame.size());
    return block;
}

zmq::message_t give_block(ConstBlock block, v1::Block& description) {
    describe(block, description);
    return {block.data(), block.size() * sizeof(float)};
}

zmq::message_t give_block(OwnedBlock&& block, v1::Block& description) {
    auto owned = std::make_unique<OwnedBlock>(std::move(block));
    const Block view = owned->view();
    describe(view, description);
    zmq::message_t frame(
        view.data(), view.size() * sizeof(float),
        [](void*, void* owner) { delete static_cast<OwnedBlock*>(owner); }, owned.get());
    static_cast<void>(owned.release()); // the frame's now
    return frame;
}

void to_wire(const Error& error, v1::Status& status) {
    status.set_code(static_cast<v1::Code>(error.code()));
    status.set_message(error.what());
    for (const FieldViolation& violation : error.violations()) {
        v1::FieldViolation& out = *status.add_violations();
        out.set_field(violation.field);
        out.set_description(violation.description);
    }
}

} // namespace phyll::rpc
