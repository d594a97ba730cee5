#pragma once

#include "app.hpp"

#include <phyll/v1/leases.pb.h>

#include <string>
#include <vector>

namespace phyll::cli {

/// Runs a command while a lease is held, with its token and the daemon's place in the
/// command's environment. A lease that is lost ends the command: SIGTERM, and SIGKILL after 5 s.
/// Signals that end this process are passed on, unless a terminal sent them to both. Returns what
/// the command ended with; 128 + the signal where one ended it; Exit::timed_out where the lease was
/// lost and the command ended well all the same.
[[nodiscard]] int run_under_lease(App& app, const v1::TakeLeaseRequest& wanted,
                                  const std::vector<std::string>& command);

} // namespace phyll::cli
