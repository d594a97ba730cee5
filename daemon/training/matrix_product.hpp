#pragma once

#include "drivers/core/sample_block.hpp"

#include <span>

namespace phyll {
class Workers;
} // namespace phyll

namespace phyll::training {

// The two matrix products that layers are made of. What comes out for a sample depends on that
// sample and the weights alone, and what comes out for a weight on the samples in their order: to
// the last bit, wherever a sample stands in whatever batch, on any number of threads. The work is
// shared among `workers`; null leaves it to the caller's thread.

/// z = W y + b for every sample. `weights` holds W (outputs x inputs), each output's weights
/// consecutive, so that as a block it is inputs x outputs; `y` is inputs x samples, `z` outputs x
/// samples.
void affine_map(ConstBlock weights, std::span<const float> bias, ConstBlock y, Block z,
                Workers* workers = nullptr);

/// The gradients of a loss with respect to W and b, from those with respect to z:
/// dL/dW = sum over samples of dz y^T, dL/db = sum of dz. Shapes as for `affine_map`.
void affine_gradient(ConstBlock y, ConstBlock dz, Block weights_gradient,
                     std::span<float> bias_gradient, Workers* workers = nullptr);

} // namespace phyll::training
