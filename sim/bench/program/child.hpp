#pragma once

#include "sim/bench/server/bench.hpp"

#include <string>
#include <sys/types.h>
#include <vector>

namespace phyll::bench {

/// Starts a command, looked for in PATH, with this process's environment and more. Throws
/// NOT_FOUND when it cannot be started.
[[nodiscard]] pid_t start_child(const std::vector<std::string>& command, const Environment& more);

/// The exit status of a child that has ended, 128 and the signal's number when one ended it;
/// negative while it runs.
[[nodiscard]] int ended_with(pid_t child);

} // namespace phyll::bench
