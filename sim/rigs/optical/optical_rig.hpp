#pragma once

#include "sim/physics/optical/parameters.hpp"
#include "sim/rigs/simulated_rig.hpp"

namespace phyll::sim {

namespace v1 {
class OpticalOptions;
} // namespace v1

/// The simulated rig "optical": `physics::OpticalDevice` behind `SimulatedRig`.
///
/// `RigSite::seed` fixes the medium, in which direction disturbances move it, and the camera's
/// noise. Offset i is the angle, in rad, by which component i of the medium turns towards an
/// independent one; see `physics::ScatteringMedium`.
[[nodiscard]] SimulatedRigKind optical_kind();

/// The physics that the options ask for. Throws INVALID_ARGUMENT naming the option that is wrong.
[[nodiscard]] physics::OpticalParameters optical_parameters(const v1::OpticalOptions& options);

} // namespace phyll::sim
