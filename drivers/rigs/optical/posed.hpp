#pragma once

#include "drivers/rigs/instrument_rig.hpp"
#include "drivers/rigs/optical/geometry.hpp"

namespace phyll::rigs {

/// What a display shows in a pose; `geometry` has nothing left open. Throws INVALID_ARGUMENT naming
/// what of the pose is wrong.
[[nodiscard]] Picture picture_of(const Pose& pose, const PictureGeometry& geometry,
                                 const instruments::Slm::Size& display);

} // namespace phyll::rigs
