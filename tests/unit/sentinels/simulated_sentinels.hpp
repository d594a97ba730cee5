#pragma once

#include "daemon/runs/sentinels/drift_test.hpp"
#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace phyll::runs::sentinels {

/// Gaussian responses with Gaussian noise. Outputs have sizes and offsets of their own.
struct SimulatedRig {
    std::size_t n_out = 16;
    double snr_db = 30;  ///< variance of the responses over that of the noise; infinite: none
    double common = 0;   ///< share of the noise's variance that all outputs have in common
    bool uneven = false; ///< noise of the outputs differs by up to 16 in its deviation
    double louder = 1.0; ///< what the first sentinel's noise is multiplied by
};

/// The rounds of a rig's sentinels. Everything is a function of the seed and the round's number.
class SimulatedSentinels {
  public:
    SimulatedSentinels(const SimulatedRig& rig, std::uint64_t seed, std::size_t count = 8);

    /// The round of that number on a device whose responses correlate with the nominal ones by
    /// sqrt(1 - displaced^2).
    [[nodiscard]] ConstBlock measure(std::uint64_t round, double displaced = 0.0);

  private:
    SimulatedRig rig_;
    std::uint64_t key_;
    OwnedBlock nominal_;
    OwnedBlock other_;
    OwnedBlock measured_;
    std::vector<float> offset_;
    std::vector<float> scale_;
    std::vector<float> deviation_; ///< of the noise, in scales
    std::vector<float> normals_;
};

/// Responses that correlate with the nominal ones by 0.95: a perturbation of 0.05.
inline constexpr double displaced_by_0_05 = 0.31224989991991997;

/// Eras without a change, each of so many rounds unless an alarm ends it sooner.
struct FalseAlarms {
    std::size_t rounds = 0;
    std::size_t alarms = 0;
};
[[nodiscard]] FalseAlarms false_alarms(const SimulatedRig& rig, const DriftOptions& options,
                                       std::size_t eras, std::size_t rounds_per_era);

/// Rounds from the one numbered `change` until the era is ended, that one included; nothing when
/// `most` were not enough or the era ended before. `displaced` gets the rounds since the change.
[[nodiscard]] std::optional<std::size_t> delay(const SimulatedRig& rig, const DriftOptions& options,
                                               std::uint64_t seed, std::size_t change,
                                               std::size_t most,
                                               const std::function<double(std::size_t)>& displaced);

} // namespace phyll::runs::sentinels
