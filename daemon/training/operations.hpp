#pragma once

#include <cstddef>
#include <cstdint>

// Floating-point operations of a scheme's arithmetic, from its sizes alone. A multiplication, an
// addition, a division, a root and an exponential are one each, so that a multiply-add is two.
// Counted are
//  - matrix products: of the map, and of the gradient with respect to its parameters;
//  - element-wise work on each number of z and on each parameter, by the formulas of the kernels
//    (drivers/core/kernels): what is said of each below.
// Not counted are the encoding and the scaling of inputs and responses, signs and comparisons, and
// what is done once per sample or per batch.
namespace phyll::training {

/// z = W y + b of `samples` columns, W width x features.
[[nodiscard]] double affine_operations(std::size_t features, std::size_t width,
                                       std::size_t samples) noexcept;

/// The sums of dz y^T and of dz over the samples.
[[nodiscard]] double affine_gradient_operations(std::size_t features, std::size_t width,
                                                std::size_t samples) noexcept;

/// An update by Adam: 13 for each parameter.
[[nodiscard]] double adam_operations(std::size_t parameters) noexcept;

/// (a . p), for each of so many directions, and |a| of each sample: 2 for each number of z and
/// direction, and 2 for each number of z.
[[nodiscard]] double goodness_operations(std::size_t width, std::size_t samples,
                                         std::size_t directions = 1) noexcept;

/// Goodness, and the gradient of a loss of it with respect to z: 3 more for each number of z, and
/// of several directions the sum of them that it is along.
[[nodiscard]] double goodness_gradient_operations(std::size_t width, std::size_t samples,
                                                  std::size_t directions = 1) noexcept;

/// What learning by `steps` updates from the same columns takes: map, goodness and its gradient,
/// gradient of the parameters, Adam.
[[nodiscard]] double local_learning_operations(std::size_t features, std::size_t width,
                                               std::size_t samples, std::uint64_t steps,
                                               std::size_t directions = 1) noexcept;

/// What comparing the unit activities of two copies of each sample takes beside what learning takes
/// anyhow: three products, and 12 for the two soft-maxes and the gradient of each pair.
[[nodiscard]] double contrast_operations(std::size_t width, std::size_t samples) noexcept;

/// Map and goodness, as they judge a sample or hand it to the next layer.
[[nodiscard]] double judging_operations(std::size_t features, std::size_t width,
                                        std::size_t samples, std::size_t directions = 1) noexcept;

/// The sums over samples that least squares needs: half of f f^T, which is symmetric, and f t^T
/// with a target t of a single one. The constant feature, if there is one, is among `features`.
[[nodiscard]] double gram_operations(std::size_t features, std::size_t samples) noexcept;

/// A Cholesky factor of `features` squared, and `targets` right sides by it.
[[nodiscard]] double cholesky_operations(std::size_t features, std::size_t targets) noexcept;

/// The mean cross-entropy of W f + b, and its gradient; the soft-max is 8 for each score.
[[nodiscard]] double softmax_gradient_operations(std::size_t features, std::size_t classes,
                                                 std::size_t samples) noexcept;

} // namespace phyll::training
