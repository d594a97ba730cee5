#pragma once

#include "daemon/rpc/key_ring.hpp"
#include "daemon/rpc/origin.hpp"
#include "drivers/core/error.hpp"

#include <phyll/v1/annotations.pb.h>

#include <functional>
#include <optional>
#include <string>

namespace phyll::rpc {

/// Who asks, and what they may do.
struct Caller {
    std::string name; ///< for records that people read: "local user anna (uid 1000)"
    v1::Role role = v1::ROLE_UNSPECIFIED;
    std::string address{};          ///< from where, for the same; empty: from this machine
    std::optional<PublicKey> key{}; ///< that it is known by; nothing where none was asked for
    std::optional<Error> refusal{}; ///< why nothing at all is done for it
};

/// Says who sent a message. Called on the loop's thread, for every request.
using Identify = std::function<Caller(const Origin& origin)>;

/// Of an ipc socket, whose mode says who may connect: admins, by the credentials that the kernel
/// vouches for. libzmq appends them to the address: "localhost:UID:GID:PID". Where it does not,
/// the caller is "a local user".
[[nodiscard]] Identify local_users();

/// Of TCP on loopback, where nobody is authenticated: "a local operator at 127.0.0.1".
[[nodiscard]] Identify local_operators();

/// Of who must show a key: "anna (key 1f2e3d4c)", with the role that the ring has for it at that
/// moment. The ring outlives it.
[[nodiscard]] Identify owners_of_keys(const KeyRing& ring);

} // namespace phyll::rpc
