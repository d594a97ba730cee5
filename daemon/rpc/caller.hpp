#pragma once

#include <phyll/v1/annotations.pb.h>

#include <functional>
#include <string>

namespace phyll::rpc {

/// Who asks, and what they may do.
struct Caller {
    std::string name; ///< for records that people read: "local user anna (uid 1000)"
    v1::Role role = v1::ROLE_UNSPECIFIED;
};

/// Says who sent a message by what ZeroMQ knows of the sender, its "Peer-Address" property.
/// Called on the loop's thread, for every request.
using Identify = std::function<Caller(const std::string& peer_address)>;

/// Of an ipc socket, whose mode says who may connect: admins, by the credentials that the kernel
/// vouches for. libzmq appends them to the address: "localhost:UID:GID:PID". Where it does not,
/// the caller is "a local user".
[[nodiscard]] Identify local_users();

/// Of TCP on loopback, where nobody is authenticated: "a local operator at 127.0.0.1".
[[nodiscard]] Identify local_operators();

} // namespace phyll::rpc
