#pragma once

#include <cstddef>

namespace phyll::rpc {

// What one client may ask of the daemon, so that it harms only itself. docs/protocol.md,
// section 10.

/// A frame larger than this ends the peer's connection.
inline constexpr std::size_t largest_frame = std::size_t{256} << 20U;
/// A first frame larger than this is no header.
inline constexpr std::size_t largest_header = std::size_t{64} << 10U;
/// Bodies are read on the loop's thread. The largest that there is holds a checkpoint of 64 MiB.
inline constexpr std::size_t largest_body = std::size_t{65} << 20U;
/// Frames of a message that are looked at: more than any message has. Others are dropped.
inline constexpr std::size_t most_frames = 8;

/// Bytes of requests, and of items of conversations, that may be in flight: of one client, of all.
/// A frame of the largest size, and others beside it.
inline constexpr std::size_t most_asked = std::size_t{320} << 20U;
inline constexpr std::size_t most_asked_by_all = std::size_t{1} << 30U;

/// Messages that may wait for a peer that does not read.
inline constexpr int send_queue = 1000;
/// Bytes that may wait for all peers that do not read.
inline constexpr std::size_t most_unread_by_all = std::size_t{1} << 30U;
/// Smaller messages are bounded by their number alone.
inline constexpr std::size_t smallest_counted = std::size_t{8} << 10U;

/// A request that is always served is no larger.
inline constexpr std::size_t largest_always_served = std::size_t{8} << 10U;

/// So many of the bytes are nobody's concern: a client for whom no more is held may add one message
/// however large, and one who holds no more with it may do so whatever others hold.
inline constexpr std::size_t little = std::size_t{1} << 20U;

/// What the lab's configuration says of it: for all connections with one key together, and for each
/// connection without.
struct ClientLimits {
    std::size_t connections = 64;                 ///< of one key, with calls in flight
    std::size_t calls = 1024;                     ///< in flight
    std::size_t unread = std::size_t{320} << 20U; ///< bytes that wait for a peer that does not read
};

} // namespace phyll::rpc
