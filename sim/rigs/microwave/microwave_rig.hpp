#pragma once

#include "sim/physics/microwave/parameters.hpp"
#include "sim/rigs/simulated_rig.hpp"

namespace phyll::sim {

namespace v1 {
class MicrowaveOptions;
} // namespace v1

/// The simulated rig "microwave": `physics::MicrowaveCavity` behind `SimulatedRig`.
///
/// An input is a bit: a drive below 0.5 switches the meta-atom off, 0.5 or more on. Responses are
/// pure numbers, of absolute value 1 at most, since the device is passive.
///
/// `RigSite::seed` fixes the nominal device (the phases of its outline, the places of rods and
/// ports; two seeds are two devices) as well as the direction in which disturbances move it.
/// Offsets are in wavelengths at f0; see `physics::displaced_geometry`.
[[nodiscard]] SimulatedRigKind microwave_kind();

/// The physics that the options ask for. Throws INVALID_ARGUMENT naming the option that is wrong.
[[nodiscard]] physics::MicrowaveParameters
microwave_parameters(const v1::MicrowaveOptions& options);

} // namespace phyll::sim
