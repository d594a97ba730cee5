#pragma once

#include "drivers/core/kernels/level.hpp"

#include <cstddef>

// The goodness of physical local learning (Momeni et al., Science 382:1297, 2023) and the gradient
// of its pair loss. Samples are consecutive, `width` numbers each.
namespace phyll::kernels {

enum class Activation : int {
    abs,     ///< a = |z|
    relu,    ///< a = max(z, 0)
    identity ///< a = z
};

/// Keeps the goodness of a silent sample finite.
inline constexpr float goodness_epsilon = 1e-6F;

/// What the goodness g = (a . p) / (|a| + epsilon), a = activation(z), is taken with.
struct GoodnessLayer {
    const float* projection; ///< p, `width` numbers
    std::size_t width;
    Activation activation;
};

/// How a pair of a positive and a negative sample did.
struct PairScore {
    double loss;    ///< log(1 + exp(-theta (positive - negative)))
    float positive; ///< goodness
    float negative; ///< goodness
};

extern "C" {

/// a = activation(z), `count` numbers; `a` may be `z`.
__attribute__((visibility("default"))) void phyll_activate(Activation activation, const float* z,
                                                           std::size_t count, float* a);

/// The goodness of each sample of `z`.
__attribute__((visibility("default"))) void
phyll_goodness(const GoodnessLayer* layer, const float* z, std::size_t samples, float* goodness);

/// Scores `pairs` pairs and replaces their z by `share` times the gradient of the pair's loss with
/// respect to it; with share = 1 / (pairs in the batch) that is the gradient of the mean loss. The
/// derivative of abs and relu at their kink is 0.
__attribute__((visibility("default"))) void
phyll_pair_gradient(const GoodnessLayer* layer, double theta, double share, float* positive,
                    float* negative, std::size_t pairs, PairScore* scores);
}

} // namespace phyll::kernels
