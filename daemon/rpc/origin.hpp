#pragma once

#include "drivers/core/keys/key.hpp"

#include <optional>
#include <string>

namespace phyll::rpc {

/// What ZeroMQ knows of who sent a message.
struct Origin {
    /// Its "Peer-Address" property: an IP address, or "localhost:UID:GID:PID"; empty: not known.
    std::string address{};
    /// The key that it has proved to have; nothing where none was asked for.
    std::optional<PublicKey> key{};
};

} // namespace phyll::rpc
