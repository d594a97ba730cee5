#pragma once

#include "sim/physics/electronic/parameters.hpp"
#include "sim/rigs/simulated_rig.hpp"

namespace phyll::sim {

namespace v1 {
class ElectronicOptions;
} // namespace v1

/// The simulated rig "electronic": `physics::ElectronicLadder` behind `SimulatedRig`.
///
/// The nominal device is fixed by the options alone; `RigSite::seed` fixes only in which direction
/// disturbances move it. Offsets move the logarithms of component values; see
/// `physics::displaced_components`.
[[nodiscard]] SimulatedRigKind electronic_kind();

/// The physics that the options ask for. Throws INVALID_ARGUMENT naming the option that is wrong.
[[nodiscard]] physics::ElectronicParameters
electronic_parameters(const v1::ElectronicOptions& options);

} // namespace phyll::sim
