#pragma once

#include "drivers/rigs/acoustic/calibrating.hpp"
#include "drivers/rigs/instrument_rig.hpp"

namespace phyll::rigs {

/// A calibration of the acoustic rig in words and numbers; one without a marker for what is
/// nominal.
[[nodiscard]] Calibration described(const AcousticCalibration& measured,
                                    const AcousticSettings& settings);
/// The other way round. Throws INVALID_ARGUMENT when a quantity is missing or cannot be.
[[nodiscard]] AcousticCalibration acoustic_calibration(const Calibration& calibration,
                                                       const AcousticSettings& settings);

[[nodiscard]] LayerSpec acoustic_spec(const AcousticSettings& settings);

} // namespace phyll::rigs
