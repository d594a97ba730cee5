#pragma once

// Messages as they travel, for whoever of this library sends and receives them.

#include "drivers/core/error.hpp"
#include "drivers/core/sample_block.hpp"

#include <google/protobuf/message.h>
#include <phyll/v1/wire.pb.h>

#include <zmq.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace phyll::wire {

inline constexpr std::uint32_t protocol_version = 1;
/// A daemon closes the connection on a larger frame, which would look like a daemon that died.
inline constexpr std::size_t largest_frame = std::size_t{256} << 20U;

using Frames = std::vector<zmq::message_t>;

/// A message of the daemon's: its header, and the frames behind it, unparsed.
struct Message {
    v1::Header header;
    Frames rest;
};

/// A header with what every one has.
[[nodiscard]] v1::Header header_of(v1::Kind kind, std::uint64_t id);
/// The header of a request; `lease` is the token of one, or empty.
[[nodiscard]] v1::Header request_header(std::uint64_t id, const std::string& method,
                                        const std::string& lease);

[[nodiscard]] zmq::message_t serialise(const google::protobuf::Message& message);
/// Throws DATA_LOSS when the frame is something else.
void parse(const zmq::message_t& frame, google::protobuf::Message& message);
/// Throws the daemon's own status, unless it is OK.
void throw_unless_ok(const v1::Status& status);

/// A copy of the block in a frame; throws INVALID_ARGUMENT when it is more than fits in one.
[[nodiscard]] zmq::message_t payload_of(ConstBlock block);
/// A copy of the block that a payload frame holds; throws DATA_LOSS when its size is another than
/// `description` says.
[[nodiscard]] OwnedBlock block_in(const v1::Block& description, const zmq::message_t& frame);

} // namespace phyll::wire
