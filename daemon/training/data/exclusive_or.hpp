#pragma once

#include "daemon/training/data/data_set.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace phyll::training {

struct ExclusiveOr {
    std::size_t inputs = 20; ///< at least 2
    /// The two inputs that count; not given: drawn.
    std::optional<std::array<std::size_t, 2>> pair{};
};

/// A task that no linear classifier of its inputs solves, nor of what a linear rig makes of them:
/// two inputs are low or high, 0.25 or 0.75 with a jitter of 0.05 to either side, the others rest
/// at 0.5; the class says whether the two differ. Made to be played into a rig as it is, by the
/// encoding "direct": what a linear read-out of the rig's responses then finds out is the rig's
/// product of two of its inputs.
///
/// Sample i is a function of (seed, i) alone, and i mod 4 says which of the four combinations it
/// is; the training samples come first, then the test samples.
[[nodiscard]] SplitData exclusive_or(const ExclusiveOr& task, std::uint64_t seed,
                                     std::size_t training_samples, std::size_t test_samples);

} // namespace phyll::training
