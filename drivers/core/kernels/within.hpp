#pragma once

#include "drivers/core/kernels/level.hpp"

#include <cstddef>

namespace phyll::kernels {

extern "C" {

/// 1 when low <= values[i] <= high for all of `count` values, else 0. What is not a number is not
/// within.
__attribute__((visibility("default"))) int phyll_within(const float* values, std::size_t count,
                                                        float low, float high);

/// The same of `samples` samples of `channels` values each, one after the other, where each channel
/// has limits of its own: low[k] <= values[i * channels + k] <= high[k].
__attribute__((visibility("default"))) int
phyll_channels_within(const float* values, std::size_t channels, std::size_t samples,
                      const float* low, const float* high);
}

} // namespace phyll::kernels
