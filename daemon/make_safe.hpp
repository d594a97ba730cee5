#pragma once

#include "daemon.hpp"

#include <ostream>

namespace phyll {

/// Brings every instrument that is configured to its safe state, all at once, and says in a line
/// each what it is and how it stands. Returns whether all are known to be safe. Needs no state
/// directory. With `kill_holder`, processes that drive one are killed first. Throws what is wrong
/// with the configuration of one; none is touched then.
[[nodiscard]] bool make_safe(const Settings& settings, bool kill_holder, std::ostream& out);

} // namespace phyll
