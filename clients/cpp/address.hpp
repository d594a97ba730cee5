#pragma once

#include "drivers/core/keys/key.hpp"

#include <memory>
#include <string>
#include <utility>

namespace phyll {

/// What a client shows to an endpoint that asks for keys, and what it must be shown.
struct Credentials {
    PublicKey server; ///< of the phylld that is meant: no other one is talked to
    SecretKey own;    ///< the client's
};

/// Where a phylld is, and with which keys it is talked to. A text alone is an endpoint that asks
/// nobody for keys, as ipc sockets are.
struct Address {
    Address(std::string where, std::shared_ptr<const Credentials> keys = nullptr)
        : endpoint(std::move(where)), credentials(std::move(keys)) {}
    Address(const char* where) : endpoint(where) {}

    std::string endpoint;                           ///< "ipc://PATH", "tcp://HOST:PORT"
    std::shared_ptr<const Credentials> credentials; ///< null: none
};

} // namespace phyll
