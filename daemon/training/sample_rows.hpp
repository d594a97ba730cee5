#pragma once

#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <functional>
#include <span>

namespace phyll::training {

/// Samples that are read one at a time, computed or fetched where they are asked for, so that they
/// need not all be held as float. Refers to whatever `read` refers to.
struct SampleRows {
    std::size_t channels = 0;
    std::size_t samples = 0;
    /// Fills the second argument, one place per channel, with the sample of that number. The same
    /// number gives the same values.
    std::function<void(std::size_t, std::span<float>)> read;

    SampleRows() = default;
    SampleRows(std::size_t channels_of_each, std::size_t how_many,
               std::function<void(std::size_t, std::span<float>)> how);
    /// The samples of a block that outlives this.
    SampleRows(ConstBlock block); // NOLINT(google-explicit-constructor)
    SampleRows(Block block)
        : SampleRows(ConstBlock(block)) {} // NOLINT(google-explicit-constructor)

    /// Fills `into` with the samples from `first` on.
    void gather(std::size_t first, Block into) const;
    /// The samples [first, first + count), read through this.
    [[nodiscard]] SampleRows slice(std::size_t first, std::size_t count) const;
};

} // namespace phyll::training
