#pragma once

#include "drivers/core/physical_layer.hpp"
#include "drivers/core/sample_block.hpp"

#include <Eigen/Core>

#include <cstddef>
#include <utility>
#include <vector>

namespace phyll::test {

/// Whether a rig computes anything that a linear device does not: see its response to each of
/// these.

/// Samples as columns.
[[nodiscard]] Eigen::MatrixXd matrix_of(ConstBlock block);
/// The linear read-out that fits `targets` best, with a little ridge.
[[nodiscard]] Eigen::MatrixXd read_out(const Eigen::MatrixXd& inputs,
                                       const Eigen::MatrixXd& targets);

/// Mean over outputs of the variance that a linear fit of the inputs leaves on unseen samples, for
/// uniformly random inputs. Alone it is no proof: an odd device leaves some and yet makes no
/// product of two inputs.
[[nodiscard]] double nonlinear_share(PhysicalLayer& rig);

using InputPair = std::pair<std::size_t, std::size_t>;

/// Pairs of different inputs.
[[nodiscard]] std::vector<InputPair> random_pairs(const LayerSpec& spec, std::size_t count);
/// Pairs (a, a + distance) at random places.
[[nodiscard]] std::vector<InputPair> pairs_apart(const LayerSpec& spec, std::size_t distance,
                                                 std::size_t count);

/// Accuracy in % of a linear read-out of the responses on the exclusive or of two inputs, mean over
/// the pairs; 50 is a guess. The responses carry noise of 0.5 % of their root mean square: without
/// any, the faintest trace of a product would do.
[[nodiscard]] double exclusive_or_accuracy(PhysicalLayer& rig, const std::vector<InputPair>& pairs);

} // namespace phyll::test
