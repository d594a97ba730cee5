#pragma once

#include "daemon/doctor/host.hpp"

#include <filesystem>
#include <string>
#include <sys/types.h>

namespace phyll::doctor {

/// How a file stands by whose lock (flock) processes agree on who has something.
struct LockState {
    bool held = false;
    pid_t written = 0;  ///< the number of a process that stands in it; 0: none
    bool alive = false; ///< there is a process of that number
    /// Of the process that stands in it: "phylld --config lab.toml", as far as it can be seen.
    std::string command;
};

/// Looks without locking it, which could be in somebody's way: by what the kernel tells of locks
/// and of the files that processes have open.
[[nodiscard]] LockState lock_state(const Host& host, const std::filesystem::path& file);

} // namespace phyll::doctor
