#pragma once

#include "daemon/rpc/limits.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/held_block.hpp"

#include <phyll/v1/wire.pb.h>

#include <google/protobuf/message.h>

#include <zmq.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace phyll::rpc {

/// The protocol version that this code speaks.
inline constexpr std::uint32_t protocol_version = 1;

/// The parts of one multipart message, the routing id of a ROUTER aside.
using Frames = std::vector<zmq::message_t>;

/// What came from a peer: a header that parsed, and what follows it, unparsed.
struct Incoming {
    v1::Header header;
    Frames rest; ///< body and payload, or nothing
};

/// Takes a message apart. Nothing when its first part is no header with a kind: such a peer does
/// not speak the protocol and could not understand an answer.
[[nodiscard]] std::optional<Incoming> parse(Frames frames);

/// The bytes that they hold.
[[nodiscard]] std::size_t bytes_of(const Frames& frames);

[[nodiscard]] zmq::message_t serialise(const google::protobuf::Message& message);

/// The payload frame that `description` describes: the frame itself where it is large and aligned,
/// else a copy. Throws INVALID_ARGUMENT naming `field` when the frame's size is another.
[[nodiscard]] HeldBlock take_block(const v1::Block& description, zmq::message_t frame,
                                   const std::string& field);

/// A payload frame with a copy of the block, and its description.
[[nodiscard]] zmq::message_t give_block(ConstBlock block, v1::Block& description);
/// The same without a copy: the frame owns the block, and frees it on whichever thread is done with
/// it.
[[nodiscard]] zmq::message_t give_block(OwnedBlock&& block, v1::Block& description);

/// An error as it goes over the wire.
void to_wire(const Error& error, v1::Status& status);

} // namespace phyll::rpc
