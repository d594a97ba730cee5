#pragma once

#include "sim/rigs/simulated_rig.hpp"

namespace phyll::sim {

/// The simulated rig "echo": output = input, as fast as memory. For throughput and as the simplest
/// rig that there is. Nothing in it can be displaced.
[[nodiscard]] SimulatedRigKind echo_kind();

} // namespace phyll::sim
