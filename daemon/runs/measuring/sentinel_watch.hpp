#pragma once

#include "daemon/runs/measuring/response_memory.hpp"
#include "daemon/runs/sentinels/drift_test.hpp"
#include "drivers/core/physical_layer.hpp"

#include <phyll/v1/run_spec.pb.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace phyll::runs {

/// Samples between two looks at the sentinels of a rig; 0: none. Where the run does not say, that
/// depends on the rig: a simulation does not change unasked. A recording has no sentinels at all.
[[nodiscard]] std::uint64_t sentinel_interval(const v1::SentinelsSpec& spec, const LayerSpec& rig);

/// The sentinels of one rig in one run: which stimuli they are, when it is time to look, what the
/// looks say. A round measures each sentinel once; rounds are counted over the whole run, so that
/// round r has the numbers [r * count, (r + 1) * count) of the purpose "sentinel".
class SentinelWatch {
  public:
    /// `spec` has every default filled in; `every` is not 0. Throws INVALID_ARGUMENT.
    SentinelWatch(const v1::SentinelsSpec& spec, std::uint64_t every, const LayerSpec& rig,
                  std::uint64_t seed);

    [[nodiscard]] ConstBlock stimuli() const noexcept { return stimuli_.view(); }
    [[nodiscard]] std::span<const StimulusHash> hashes() const noexcept { return hashes_; }
    [[nodiscard]] std::size_t count() const noexcept { return hashes_.size(); }
    [[nodiscard]] std::uint64_t next_round() const noexcept { return next_round_; }
    /// The first round of the era.
    [[nodiscard]] std::uint64_t era_round() const noexcept { return era_round_; }

    /// How many samples may be measured, from number `number` on, before the next round; 0: it is
    /// time.
    [[nodiscard]] std::uint64_t room(std::uint64_t number) const noexcept;

    /// An era begins with that number: its first rounds are due at once.
    void begin_era(std::uint64_t number);
    /// Goes on in an era that began with `number` and whose first round was `first_round`: rounds
    /// up to the present one are `take`n in again.
    void restore(std::uint64_t number, std::uint64_t first_round);

    /// Takes in the next round, n_out x count.
    sentinels::Verdict take(ConstBlock round);
    /// What a round would say that does not count.
    [[nodiscard]] sentinels::Verdict judge(ConstBlock round) const;
    /// Whether there is anything to compare with.
    [[nodiscard]] bool can_judge() const noexcept { return test_.has_baseline(); }

  private:
    std::uint64_t every_;
    std::size_t baseline_;
    sentinels::DriftOptions options_;
    std::size_t n_out_;
    OwnedBlock stimuli_;
    std::vector<StimulusHash> hashes_;
    sentinels::DriftTest test_;
    std::uint64_t next_round_ = 0;
    std::uint64_t era_round_ = 0;
    std::uint64_t era_number_ = 0;
};

} // namespace phyll::runs
