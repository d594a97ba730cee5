#pragma once

#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace phyll::runs::sentinels {

/// How a rig answers its sentinels at an era's start, and by that, which of its outputs are looked
/// at and in which units.
struct EraStart {
    std::vector<std::size_t> outputs; ///< those that are looked at, ascending
    std::vector<double> scale; ///< of each: the standard deviation of its mean over the sentinels

    /// `rounds` has at least 2 blocks of n_out x sentinels, of the same shape. An output is left
    /// out when it does not vary from sentinel to sentinel by more than noise makes its means vary,
    /// or than float32 resolves.
    [[nodiscard]] static EraStart of(std::span<const OwnedBlock> rounds);

    /// Values a round has that are looked at.
    [[nodiscard]] std::size_t size(std::size_t sentinels) const {
        return outputs.size() * sentinels;
    }

    /// A round in standard deviations: `into` has `outputs.size()` values per sentinel.
    void scaled(ConstBlock round, std::span<double> into) const;
};

} // namespace phyll::runs::sentinels
