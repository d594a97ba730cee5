#pragma once

#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace phyll::runs {

// A stimulus that is measured k times in a row, and the mean of the answers.

/// Each sample `repeats` times in a row.
[[nodiscard]] OwnedBlock repeated(ConstBlock samples, std::uint32_t repeats);

/// The mean of each `repeats` samples in a row, summed in order, in double precision.
[[nodiscard]] OwnedBlock mean_of_repeats(ConstBlock samples, std::uint32_t repeats);

template <class Value>
[[nodiscard]] std::vector<Value> repeated(std::span<const Value> values, std::uint32_t repeats) {
    std::vector<Value> out;
    out.reserve(values.size() * repeats);
    for (const Value& value : values) {
        out.insert(out.end(), repeats, value);
    }
    return out;
}

} // namespace phyll::runs
