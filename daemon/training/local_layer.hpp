#pragma once

#include "daemon/training/adam.hpp"
#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
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

/// How a batch did.
struct LocalOutcome {
    double loss = 0.0;       ///< mean
    std::size_t correct = 0; ///< pairs, or samples, that are the right way round
};

/// A loss of a batch: replaces the batch's z by the gradient of its mean loss with respect to it.
using LocalLoss = std::function<LocalOutcome(Block z)>;

/// How a batch is learned from.
struct LearningSteps {
    double learning_rate = 2e-3;
    std::uint64_t inner_steps = 10;   ///< updates on the same features
    std::uint64_t updates_before = 0; ///< that the layer has had in its life
};

/// What a layer is made of.
struct LocalShape {
    std::size_t features = 0;
    std::size_t width = 0;
    std::size_t directions = 1; ///< that its goodness is taken along; 0: it has none
    Activation activation = Activation::abs;
    AdamSettings adam{};
};

/// The digital part of one layer that learns by itself (Momeni et al., Science 382:1297, 2023,
/// eq. 1 to 3): z = W y + b, a = act(z), goodness g = (a . p) / (|a| + 1e-6) with a fixed random
/// unit vector p, or with several, one for each class. Everything is float32, one column per
/// sample.
class LocalLayer {
  public:
    /// W is normal with standard deviation 1/sqrt(features), b zero, every p uniform on the sphere;
    /// `seed` and `index` (of the layer in its network) fix them. The work is shared among
    /// `workers`, which outlive the layer; null leaves it to the caller's thread. Results do not
    /// depend on it.
    LocalLayer(const LocalShape& shape, std::uint64_t seed, std::size_t index,
               Workers* workers = nullptr);

    [[nodiscard]] std::size_t features() const noexcept { return shape_.features; }
    [[nodiscard]] std::size_t width() const noexcept { return shape_.width; }
    [[nodiscard]] Activation activation() const noexcept { return shape_.activation; }

    /// z, `width x samples`, of `y`, `features x samples`.
    [[nodiscard]] OwnedBlock map(ConstBlock y) const;
    /// The goodness of each column of `z` along each direction, column after column.
    [[nodiscard]] std::vector<float> goodness(ConstBlock z) const;

    /// L = mean over pairs of log(1 + exp(-theta (g_pos - g_neg))), along the first direction.
    /// Pairs come as one block of 2 B columns: B positive samples (with their own label), then, in
    /// the same order, the same samples with a wrong label. Refers to this layer.
    [[nodiscard]] LocalLoss pair_loss(double theta) const;
    /// L = mean over samples of -log softmax(theta g)[label], a direction for each class (FFzero,
    /// arXiv 2603.24790). `labels`, one for each column, and this layer outlive it.
    [[nodiscard]] LocalLoss class_loss(double theta, std::span<const std::uint32_t> labels) const;

    /// That of `differentiate_contrast`, of two copies of each sample. Refers to this layer.
    [[nodiscard]] LocalLoss contrast_loss(double tau) const;

    /// The loss of `y` and its gradient with respect to W and b, laid out as `parameters` is.
    [[nodiscard]] LocalOutcome gradient(ConstBlock y, const LocalLoss& loss,
                                        std::span<float> gradient) const;

    /// Updates W and b. Returns the loss, mean over the inner steps, each taken before its update,
    /// and what was right at the last inner step.
    LocalOutcome learn(ConstBlock y, const LocalLoss& loss, const LearningSteps& how);

    /// W (output after output, each `features` long), then b.
    [[nodiscard]] std::span<float> parameters() noexcept { return parameters_; }
    [[nodiscard]] ConstBlock weights() const noexcept;
    [[nodiscard]] Block weights() noexcept;
    [[nodiscard]] std::span<const float> bias() const noexcept;
    [[nodiscard]] std::span<float> bias() noexcept;
    /// Every p, `width x directions`.
    [[nodiscard]] ConstBlock directions() const noexcept { return directions_.view(); }
    [[nodiscard]] Block directions() noexcept { return directions_.view(); }
    [[nodiscard]] const Adam& adam() const noexcept { return adam_; }
    [[nodiscard]] Adam& adam() noexcept { return adam_; }

  private:
    /// The same with room for z, `width x samples`.
    [[nodiscard]] LocalOutcome gradient(ConstBlock y, const LocalLoss& loss,
                                        std::span<float> gradient, Block z) const;
    [[nodiscard]] LocalOutcome differentiate_pairs(Block z, double theta) const;
    [[nodiscard]] LocalOutcome differentiate_classes(Block z, double theta,
                                                     std::span<const std::uint32_t> labels) const;

    LocalShape shape_;
    Workers* workers_;
    std::vector<float> parameters_;
    OwnedBlock directions_;
    Adam adam_;
};

} // namespace phyll::training
