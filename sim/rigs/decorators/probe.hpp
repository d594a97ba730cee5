#pragma once

#include "sim/rigs/simulated_rig.hpp"

namespace phyll::sim {

/// What a device answers to a fixed set of 256 stimuli (`SimulatedRig::probe_stimuli`), as the
/// measure of how far it has been moved from where it was.
class Probe {
  public:
    /// Measures the reference: the device as it is now.
    explicit Probe(SimulatedRig& reference);

    struct Shift {
        /// Of the centred responses, each output divided by its standard deviation on the
        /// reference, pooled over outputs; 1 for a device that has not moved.
        double correlation = 1.0;
        /// Root mean square over outputs of how far their means moved, in the same standard
        /// deviations: what the correlation does not see.
        double mean = 0.0;
    };
    [[nodiscard]] Shift shift_of(SimulatedRig& moved) const;

    /// Standard deviation of each output on the reference, in the output's unit.
    [[nodiscard]] const std::vector<double>& deviations() const noexcept { return deviations_; }

  private:
    std::vector<double> means_;
    std::vector<double> deviations_;
    OwnedBlock stimuli_;
    OwnedBlock reference_;
};

} // namespace phyll::sim
