#pragma once

#include "drivers/core/clock.hpp"

#include <phyll/v1/run_spec.pb.h>

#include <cstdint>

namespace phyll::runs {

/// When a run makes a checkpoint.
class CheckpointPolicy {
  public:
    /// `spec` has every default filled in. Time counts from now.
    CheckpointPolicy(const v1::CheckpointsSpec& spec, const Clock& clock);

    /// Whether one is due after a step; `epochs` ended in it, `measured` is how many samples the
    /// run has measured so far.
    [[nodiscard]] bool due(std::uint64_t epochs, std::uint64_t measured);
    void made(std::uint64_t measured);

  private:
    v1::CheckpointsSpec spec_;
    const Clock& clock_;
    Clock::Monotonic last_;
    std::uint64_t measured_ = 0; ///< at the last one
    std::uint64_t epochs_ = 0;   ///< since the last one
};

} // namespace phyll::runs
