#pragma once

#include "daemon/runs/sentinels/era_start.hpp"
#include "daemon/runs/sentinels/noise_estimate.hpp"
#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace phyll::runs::sentinels {

struct DriftOptions {
    std::size_t count = 8;    ///< sentinels; at least 2
    std::size_t baseline = 4; ///< rounds at the era's start; at least 2
    double tolerance = 0.02;  ///< in standard deviations of the response; above 0
};

struct Verdict {
    bool ended = false; ///< the rig is not the device any more that it was at the era's start
    /// By how much the responses moved since the era's start, in standard deviations, root mean
    /// square over outputs and sentinels, what noise contributes subtracted; 0 when that is less
    /// than nothing.
    double moved = 0.0;
};

/// Decides whether a rig is still the device that it was when its era began, from the responses to
/// a few stimuli, the sentinels, that are measured again and again. A round measures each once.
///
/// Means over the last 1, 2, 4, ... 32 rounds are compared with means over the first ones of the
/// era. The era has ended when one of these differences is larger than noise explains, and larger
/// than the tolerance. Neither the size of the noise need be known, nor whether outputs share it;
/// docs/sentinels.md has formulas, rates of false alarms, and delays.
///
/// The answers are a function of the rounds alone: fed the same ones, another test is in the same
/// state. It keeps 40 rounds. Thread rule: one caller at a time.
class DriftTest {
  public:
    /// `n_out`, at least 1: outputs of the rig. Throws INVALID_ARGUMENT, naming the option, when
    /// one is out of range.
    DriftTest(const DriftOptions& options, std::size_t n_out);

    /// One of the first `baseline` rounds of the era: n_out x count finite values. Throws
    /// INVALID_ARGUMENT for another shape, FAILED_PRECONDITION when there were enough.
    void add_baseline(ConstBlock round);

    /// Whether the era's start has been measured, so that rounds are compared with it.
    [[nodiscard]] bool has_baseline() const noexcept { return first_.size() == options_.baseline; }

    /// Outputs that vary from sentinel to sentinel, by which alone a move can be told; known once
    /// there is a baseline. With 0 of them no round ever ends the era.
    [[nodiscard]] std::size_t outputs() const noexcept { return start_.outputs.size(); }

    /// The noise of one measurement, in standard deviations of the response, root mean square.
    [[nodiscard]] double noise() const;

    /// Throws INVALID_ARGUMENT for another shape, FAILED_PRECONDITION without a baseline.
    Verdict add_round(ConstBlock round);

  private:
    /// The sum of the first rounds of the era, so many of them.
    struct FirstRounds {
        std::size_t rounds = 0;
        std::vector<double> sum;
    };

    void check(ConstBlock round) const;
    void begin_era();
    void learn_noise();
    void learn_start();
    [[nodiscard]] Verdict compare() const;
    [[nodiscard]] std::span<const double> latest(std::size_t back) const;

    DriftOptions options_;
    std::size_t n_out_;
    std::vector<OwnedBlock> first_; ///< the baseline's rounds
    EraStart start_;
    std::vector<FirstRounds> starts_;         ///< of 1, 2, 4, ... times `baseline` rounds
    FirstRounds growing_;                     ///< what the next of them is made of
    std::vector<std::vector<double>> latest_; ///< the last rounds, scaled; a ring
    std::size_t rounds_ = 0;                  ///< those after the baseline
    NoiseEstimate noise_;
};

} // namespace phyll::runs::sentinels
