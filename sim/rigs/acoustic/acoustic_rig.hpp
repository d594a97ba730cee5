#pragma once

#include "sim/physics/acoustic/parameters.hpp"
#include "sim/rigs/simulated_rig.hpp"

namespace phyll::sim {

namespace v1 {
class AcousticOptions;
} // namespace v1

/// The simulated rig "acoustic": `physics::AcousticCavity` behind `SimulatedRig`.
///
/// The nominal device is fixed by the options alone; `RigSite::seed` fixes only in which direction
/// disturbances move it. Offsets are in steps of 10 mm (places) and about 10 K (temperature); see
/// `physics::displaced_geometry`.
[[nodiscard]] SimulatedRigKind acoustic_kind();

/// The physics that the options ask for. Throws INVALID_ARGUMENT naming the option that is wrong.
[[nodiscard]] physics::AcousticParameters acoustic_parameters(const v1::AcousticOptions& options);

} // namespace phyll::sim
