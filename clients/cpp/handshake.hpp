#pragma once

#include "clients/cpp/address.hpp"
#include "clients/cpp/plain_connection.hpp"
#include "drivers/core/error.hpp"

#include <cstdint>

namespace phyll::wire {

/// What ZeroMQ's monitor tells of a connection.
struct Event {
    int number = 0;          ///< ZMQ_EVENT_...
    std::uint32_t value = 0; ///< what it says beside it
};

/// Why the handshake with whoever listens at `address` ended with `event`, in words, as far as can
/// be found out until `deadline`: UNAUTHENTICATED when one of the two could not show who it is,
/// UNAVAILABLE when whoever listens is no phylld or serves nobody just now.
[[nodiscard]] Error handshake_error(const Address& address, Event event, Instant deadline);

} // namespace phyll::wire
