#pragma once

#include "drivers/rigs/acoustic/sounder.hpp"

#include <array>
#include <vector>

namespace phyll::rigs {

/// Drives, of all tones at once, at which a calibration looks how the response grows.
inline constexpr std::array<double, 5> response_drives{0.1, 0.2, 0.4, 0.7, 1.0};

/// What a calibration of the acoustic rig measures.
struct AcousticCalibration {
    Reference reference{};
    double likeness = 0.0;       ///< of two markers, one after the other
    double noise = 0.0;          ///< Pa; root mean square of the loudest microphone in silence
    std::vector<double> gains{}; ///< of each tone
    /// Root mean square of the response to each of `response_drives`, in Pa.
    std::vector<double> responses{};
    double linear = 0.0;    ///< the drive up to which it grows with the drive, to 10 %
    double loudest = 0.0;   ///< Pa; peak at full drive
    double unsettled = 0.0; ///< share by which a sample's window differs from a later one
};

/// Measures, with what is prepared to play:
/// - latency, by the marker, and what the microphones hear of it; how well that repeats;
/// - the noise;
/// - gains that even the tones out, unless the settings give them: clip(median(A) / A_k, 0.25, 4),
///   A_k the amplitude of tone k where it is read, at a tenth of full drive;
/// - how the response grows with the drive, from below, so that a level that is not allowed is met
///   at the lowest drive that has it;
/// - how well it settles.
/// Throws UNAVAILABLE naming what could not be measured and what to do.
[[nodiscard]] AcousticCalibration calibrate(Sounder& sounder, const AcousticSettings& settings,
                                            const Patience& patience);

} // namespace phyll::rigs
