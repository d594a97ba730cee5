#pragma once

#include "clients/cpp/plain_connection.hpp"

#include <string>

namespace phyll {

/// What somebody who listens says of itself before anybody has shown a key.
enum class Greeting {
    none,         ///< nothing, or nothing of ZeroMQ: it is no phylld
    without_keys, ///< it asks for none
    with_keys,    ///< it asks for them
};

/// Asks an endpoint for the greeting of ZMTP 3, on a connection of its own. ZeroMQ itself says no
/// more of a handshake that failed than that it did. Waits no longer than until `deadline`.
[[nodiscard]] Greeting greeting_at(const std::string& endpoint, Instant deadline);

} // namespace phyll
