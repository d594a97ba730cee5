#pragma once

#include "drivers/rigs/microwave/settings.hpp"
#include "drivers/rigs/microwave/sweeper.hpp"

#include <vector>

namespace phyll::rigs {

/// What a calibration of the microwave rig measures.
struct MicrowaveCalibration {
    /// S21 with all meta-atoms off, a value a frequency.
    instruments::SweepValues reference{};
    double noise = 0.0;       ///< of a sweep, root mean square, against that of the reference
    double settle_time = 0.0; ///< s; after a pattern is acknowledged
    /// By how much each meta-atom alone changes the reference, root mean square, against that of
    /// it: the map of the bits.
    std::vector<double> effects{};

    /// Meta-atoms, counted from 1, that change nothing beyond what noise does.
    [[nodiscard]] std::vector<std::size_t> dead() const;
};

/// Root mean square of the difference of two sweeps, against that of the first.
[[nodiscard]] double difference(const instruments::SweepValues& a,
                                const instruments::SweepValues& b);

/// Measures with what is prepared to sweep:
/// - the reference and its noise, from repeated sweeps;
/// - after how long a sweep does not tell any more that all meta-atoms were switched just before,
/// in
///   both directions, in steps of a factor of 2 and to a quarter more;
/// - the effect of each meta-atom.
/// Throws UNAVAILABLE naming what could not be measured and what to do.
[[nodiscard]] MicrowaveCalibration calibrate(Sweeper& sweeper, const MicrowaveSettings& settings,
                                             const Patience& patience);

} // namespace phyll::rigs
