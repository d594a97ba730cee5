#pragma once

#include "daemon/training/adam.hpp"
#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace phyll {
class Workers;
} // namespace phyll

namespace phyll::training {

enum class Activation { abs, relu, identity };

/// The activation called `name`; throws INVALID_ARGUMENT that names `field` and the valid names.
[[nodiscard]] Activation parse_activation(std::string_view field, std::string_view name);

/// How pairs are learned from.
struct PairLearning {
    double theta = 4.0; ///< steepness of the loss
    double learning_rate = 2e-3;
    std::uint64_t inner_steps = 10;   ///< updates on the same features
    std::uint64_t updates_before = 0; ///< that the layer has had in its life
};

struct PairOutcome {
    double loss = 0.0;
    std::size_t correct = 0; ///< pairs whose positive sample has more goodness
};

/// The digital part of one layer of physical local learning (Momeni et al., Science 382:1297, 2023,
/// eq. 1 to 3): z = W y + b, a = act(z), goodness g = (a . p) / (|a| + 1e-6) with a fixed random
/// unit vector p. Everything is float32, one column per sample.
///
/// Pairs come as one block of 2 B columns: B positive samples (with their own label), then, in the
/// same order, the same samples with a wrong label.
class LocalLayer {
  public:
    /// W is normal with standard deviation 1/sqrt(features), b zero, p uniform on the sphere;
    /// `seed` and `index` (of the layer in its network) fix them. The work is shared among
    /// `workers`, which outlive the layer; null leaves it to the caller's thread. Results do not
    /// depend on it.
    LocalLayer(std::size_t features, std::size_t width, Activation activation,
               const AdamSettings& adam, std::uint64_t seed, std::size_t index,
               Workers* workers = nullptr);

    [[nodiscard]] std::size_t features() const noexcept { return features_; }
    [[nodiscard]] std::size_t width() const noexcept { return projection_.size(); }

    /// z, `width x samples`, of `y`, `features x samples`.
    [[nodiscard]] OwnedBlock map(ConstBlock y) const;
    /// The goodness of each column of `z`.
    [[nodiscard]] std::vector<float> goodness(ConstBlock z) const;

    /// L = mean over pairs of log(1 + exp(-theta (g_pos - g_neg))) and its gradient with respect to
    /// W and b, laid out as `parameters` is.
    [[nodiscard]] PairOutcome gradient(ConstBlock pairs, double theta,
                                       std::span<float> gradient) const;

    /// Updates W and b. Returns the loss, mean over the inner steps, each taken before its update,
    /// and the pairs that were right at the last inner step.
    PairOutcome learn(ConstBlock pairs, const PairLearning& how);

    /// W (output after output, each `features` long), then b.
    [[nodiscard]] std::span<float> parameters() noexcept { return parameters_; }
    [[nodiscard]] ConstBlock weights() const noexcept;
    [[nodiscard]] Block weights() noexcept;
    [[nodiscard]] std::span<const float> bias() const noexcept;
    [[nodiscard]] std::span<float> bias() noexcept;
    [[nodiscard]] std::span<const float> projection() const noexcept { return projection_; }
    [[nodiscard]] std::span<float> projection() noexcept { return projection_; }
    [[nodiscard]] const Adam& adam() const noexcept { return adam_; }
    [[nodiscard]] Adam& adam() noexcept { return adam_; }

  private:
    /// The same with room for the pairs' z, `width x samples`.
    [[nodiscard]] PairOutcome gradient(ConstBlock pairs, double theta, std::span<float> gradient,
                                       Block z) const;
    /// Replaces the z of pairs by the gradient of their mean loss with respect to it.
    [[nodiscard]] PairOutcome differentiate(Block z, double theta) const;

    std::size_t features_;
    Activation activation_;
    Workers* workers_;
    std::vector<float> parameters_;
    std::vector<float> projection_;
    Adam adam_;
};

} // namespace phyll::training
