#pragma once

#include "sim/rigs/replay/recording.hpp"
#include "sim/rigs/twin/fit.hpp"

namespace phyll::sim {

/// What a twin is made by.
struct TwinRules {
    TwinFit fit; ///< its seed fixes the split too
    double test_fraction = 0.1;
    double dead_below = 1e-3;
};

/// A rig that answers every stimulus as a network does that is fitted, here and now, to a share of
/// the recording's distinct stimuli; how well it predicts the others stands in the spec's notes,
/// beside a linear fit. Offsets of `displace` are in root mean squares of the hidden layer's
/// weights; they have no meaning in physics. Throws INVALID_ARGUMENT when the recording has too few
/// distinct stimuli to be split, or no output that varies.
[[nodiscard]] std::unique_ptr<SimulatedRig> make_twin(const Recording& recording,
                                                      const TwinRules& rules, Workers& workers);

/// The rig "twin": fitted to a recording from files.
[[nodiscard]] SimulatedRigKind twin_kind();

} // namespace phyll::sim
