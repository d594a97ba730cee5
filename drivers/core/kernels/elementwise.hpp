#pragma once

#include "drivers/core/kernels/level.hpp"

#include <cstddef>

namespace phyll::kernels {

/// One step of Adam (Kingma and Ba, ICLR 2015, algorithm 1), the corrections of the moments' bias
/// folded into two factors.
struct AdamStep {
    float beta1;
    float beta2;
    float rate;   ///< learning rate / (1 - beta1^t)
    float unbias; ///< 1 / (1 - beta2^t)
    float epsilon;
};

extern "C" {

/// For each of `count` parameters, element by element:
///   first = beta1 first + (1 - beta1) g,  second = beta2 second + (1 - beta2) g^2,
///   parameter -= rate first / (sqrt(unbias second) + epsilon)
__attribute__((visibility("default"))) void phyll_adam(const AdamStep* step, std::size_t count,
                                                       const float* gradient, float* parameter,
                                                       float* first, float* second);

/// sum[k] = sum over samples of values[i * stride + k] for the `count` first k, in the order of the
/// samples.
__attribute__((visibility("default"))) void phyll_sum_samples(const float* values,
                                                              std::size_t stride, std::size_t count,
                                                              std::size_t samples, float* sum);
}

} // namespace phyll::kernels
