#pragma once

#include "drivers/core/kernels/level.hpp"

#include <cstddef>
#include <cstdint>

namespace phyll::kernels {

extern "C" {

/// The standard normal numbers [first, first + count) of row `row` under a key: a function of (key,
/// row, number) alone. `first` is a multiple of 64. Philox4x32-10 at the counters (row, 0), (row,
/// 1), ... as `KeyedRandom` has them, so that a key serves either this or a `KeyedRandom`; the four
/// words of 16 counters give 64 numbers by the method of Box and Muller, 31 and 32 bits to a pair.
/// No number is beyond 6.7. Levels agree to 1e-5.
__attribute__((visibility("default"))) void phyll_normals(std::uint64_t key, std::uint64_t row,
                                                          std::size_t first, std::size_t count,
                                                          float* numbers);
}

} // namespace phyll::kernels
