#pragma once

#include "drivers/rigs/optical/settings.hpp"
#include "drivers/rigs/optical/viewer.hpp"

#include <vector>

namespace phyll::rigs {

/// Outputs of the rig for one picture.
using Speckle = std::vector<float>;

/// What a calibration of the optical rig measures.
struct OpticalCalibration {
    double exposure_time = 0.0; ///< s
    double likest = 0.0;        ///< correlation of the reference with the likest of other pictures
    double signal = 0.0;        ///< mean over random stimuli, as a share of full scale
    double saturated = 0.0;     ///< share of pixels at full scale, of the same
    double settle_time = 0.0;   ///< s; after a picture was handed to the display
    double noise = 0.0;         ///< of the reference's speckle: 1 - correlation of two of it
    double noise_counts = 0.0;  ///< the same as the standard deviation of a super-pixel
    /// The speckle of the reference picture.
    Speckle reference{};
    /// By how much the speckle changes when half of the inputs go from level 0 to each of
    /// `response_levels`: root mean square, against that of the reference.
    std::vector<double> level_response{};
};

inline constexpr std::size_t response_levels = 17;

/// The stimulus whose speckle tells whether all is as it was: drives drawn once and for all.
[[nodiscard]] std::vector<float> reference_stimulus(std::size_t inputs);

/// Measures with what is prepared to view:
/// - the exposure that fills the share of full scale that the settings ask for;
/// - the reference, how well it repeats, and how like other pictures are;
/// - after how long a frame does not tell any more what was shown before, both ways between dark
/// and
///   the reference, to 9 %, a tenth more, and more where that is not enough at every phase of the
///   display's refresh;
/// - what the levels of the display do.
/// Throws UNAVAILABLE naming what could not be measured and what to do.
[[nodiscard]] OpticalCalibration calibrate(Viewer& viewer, const OpticalSettings& settings,
                                           const Patience& patience);

} // namespace phyll::rigs
