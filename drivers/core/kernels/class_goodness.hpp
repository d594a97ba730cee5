#pragma once

#include "drivers/core/kernels/goodness.hpp"

#include <cstddef>
#include <cstdint>

// Goodness along one direction for each class, and the gradient of its soft-max (FFzero, arXiv
// 2603.24790: cosine soft-max with fixed classes). Samples are consecutive, `width` numbers each.
namespace phyll::kernels {

/// What a sample's goodness for each class c, g_c = (a . p_c) / (|a| + epsilon), is taken with.
struct ClassLayer {
    const float* directions; ///< p_c, class after class, `width` numbers each
    std::size_t classes;
    std::size_t width;
    Activation activation;
};

/// How a sample did.
struct ClassScore {
    double loss;        ///< -log softmax(theta g)[label]
    std::uint32_t best; ///< the class with the most goodness; on a tie the first
};

extern "C" {

/// The goodness of each sample of `z` for every class, sample after sample.
__attribute__((visibility("default"))) void
phyll_class_goodness(const ClassLayer* layer, const float* z, std::size_t samples, float* goodness);

/// Scores `samples` samples and replaces their z by `share` times the gradient of the sample's loss
/// with respect to it. `scratch` has room for a number per class.
__attribute__((visibility("default"))) void
phyll_class_gradient(const ClassLayer* layer, double theta, double share, float* z,
                     const std::uint32_t* labels, std::size_t samples, float* scratch,
                     ClassScore* scores);
}

} // namespace phyll::kernels
