#pragma once

#include "daemon/training/local_layer.hpp"
#include "drivers/core/sample_block.hpp"

namespace phyll {
class Workers;
} // namespace phyll

namespace phyll::training {

/// The activity of each column of `z`, width x samples, on the unit sphere: a / (|a| + 1e-6) with
/// a = act(z).
[[nodiscard]] OwnedBlock unit_activity(Activation activation, ConstBlock z);

/// Symmetric InfoNCE (van den Oord et al., arXiv 1807.03748; local to a layer as in Loewe et al.,
/// 2019; of two transformed copies of each sample as in Chen et al., 2020). `z` is width x 2 B: B
/// samples, then, in the same order, other copies of them. With u and v the unit activities of the
/// two, S = u v^T / tau, and R and Q its softmax by rows and by columns,
///
///     L = -(1/2B) sum over i of (log R_ii + log Q_ii)
///
/// `z` becomes the gradient of L with respect to it. What counts as right is a sample whose own
/// copy is the most similar of all. Takes B^2 numbers three times. The work is shared among
/// `workers`, which results do not depend on; null leaves it to the caller's thread.
[[nodiscard]] LocalOutcome differentiate_contrast(Activation activation, double tau, Block z,
                                                  Workers* workers);

} // namespace phyll::training
