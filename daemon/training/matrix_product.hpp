#pragma once

#include "drivers/core/sample_block.hpp"

#include <span>

namespace phyll::training {

// The two matrix products that layers are made of, over samples in fixed tiles, a partial tile
// filled up with zeros: what comes out for a sample depends on that sample and the weights alone,
// to the last bit, wherever in whatever batch it stands.

/// z = W y + b for every sample. `weights` holds W (outputs x inputs), each output's weights
/// consecutive, so that as a block it is inputs x outputs; `y` is inputs x samples, `z` outputs x
/// samples.
void affine_map(ConstBlock weights, std::span<const float> bias, ConstBlock y, Block z);

/// The gradients of a loss with respect to W and b, from those with respect to z:
/// dL/dW = sum over samples of dz y^T, dL/db = sum of dz. Shapes as for `affine_map`.
void affine_gradient(ConstBlock y, ConstBlock dz, Block weights_gradient,
                     std::span<float> bias_gradient);

} // namespace phyll::training
