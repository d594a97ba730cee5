#pragma once

#include "drivers/core/descriptor.hpp"

#include <chrono>
#include <string>

namespace phyll {

/// When waiting for a phylld ends.
using Instant = std::chrono::steady_clock::time_point;

/// Connects to an endpoint ("ipc://PATH", "tcp://HOST:PORT") without ZeroMQ, which would go on
/// trying for ever: at once where nobody listens, until `deadline` where the host says nothing.
/// Reading and writing then end at `deadline`, too. Negative: nobody listens there.
[[nodiscard]] Descriptor connect_plainly(const std::string& endpoint, Instant deadline);

} // namespace phyll
