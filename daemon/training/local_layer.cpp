#include "daemon/training/local_layer.hpp"

#include "daemon/training/choices.hpp"
#include "daemon/training/matrix_product.hpp"
#include "daemon/training/tiles.hpp"
#include "drivers/core/kernels/goodness.hpp"
#include "drivers/core/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

namespace phyll::training {
namespace {

/// Pairs, or samples, that are one task.
constexpr std::size_t samples_per_tile = 64;
/// Floating-point operations that the loss and its gradient take for one number of z, about.
constexpr double operations_per_z = 12.0;

kernels::Activation kernel_activation(Activation activation) {
    switch (activation) {
    case Activation::abs:
        return kernels::Activation::abs;
    case Activation::relu:
        return kernels::Activation::relu;
    case Activation::identity:
        break;
    }
    return kernels::Activation::identity;
}

void normalise(std::span<float> vector) {
    double square = 0.0;
    for (const float v : vector) {
        square += static_cast<double>(v) * static_cast<double>(v);
    }
    for (float& v : vector) {
        v = static_cast<float>(static_cast<double>(v) / std::sqrt(square));
    }
}

} // namespace

Activation parse_activation(std::string_view field, std::string_view name) {
    static constexpr Choices<Activation, 3> choices{{
        {"abs", Activation::abs},
        {"relu", Activation::relu},
        {"identity", Activation::identity},
    }};
    return choose(field, name, choices);
}

LocalLayer::LocalLayer(std::size_t features, std::size_t width, Activation activation,
                       const AdamSettings& adam, std::uint64_t seed, std::size_t index,
                       Workers* workers)
    : features_(features),
      activation_(activation),
      workers_(workers),
      parameters_((features + 1) * width),
      projection_(width),
      adam_(parameters_.size(), adam) {
    const KeyedRandom weight_random(seed, fmt::format("layer {} weights", index + 1));
    const double deviation = 1.0 / std::sqrt(static_cast<double>(features));
    for (std::size_t j = 0; j < width; ++j) {
        for (std::size_t k = 0; k < features; ++k) {
            weights().sample(j)[k] = static_cast<float>(deviation * weight_random.normal(j, k));
        }
    }
    const KeyedRandom projection_random(seed, fmt::format("layer {} projection", index + 1));
    for (std::size_t j = 0; j < width; ++j) {
        projection_[j] = static_cast<float>(projection_random.normal(j));
    }
    normalise(projection_);
}

ConstBlock LocalLayer::weights() const noexcept {
    return {parameters_.data(), features_, width()};
}
Block LocalLayer::weights() noexcept {
    return {parameters_.data(), features_, width()};
}
std::span<const float> LocalLayer::bias() const noexcept {
    return std::span(parameters_).last(width());
}
std::span<float> LocalLayer::bias() noexcept {
    return std::span(parameters_).last(width());
}

OwnedBlock LocalLayer::map(ConstBlock y) const {
    OwnedBlock z(width(), y.samples());
    affine_map(weights(), bias(), y, z.view(), workers_);
    return z;
}

std::vector<float> LocalLayer::goodness(ConstBlock z) const {
    const kernels::GoodnessLayer layer{projection_.data(), width(), kernel_activation(activation_)};
    std::vector<float> values(z.samples());
    kernels::phyll_goodness(&layer, z.data(), z.samples(), values.data());
    return values;
}

PairOutcome LocalLayer::differentiate(Block z, double theta) const {
    const kernels::GoodnessLayer layer{projection_.data(), width(), kernel_activation(activation_)};
    const std::size_t count = z.samples() / 2;
    const double share = 1.0 / static_cast<double>(count);
    std::vector<kernels::PairScore> scores(count);
    for_each_tile(workers_, tile_count(count, samples_per_tile),
                  operations_per_z * static_cast<double>(z.size()), [&](std::size_t tile) {
                      const std::size_t first = tile * samples_per_tile;
                      const std::size_t pairs = std::min(samples_per_tile, count - first);
                      kernels::phyll_pair_gradient(&layer, theta, share, z.data() + first * width(),
                                                   z.data() + (count + first) * width(), pairs,
                                                   scores.data() + first);
                  });
    PairOutcome outcome;
    for (const kernels::PairScore& score : scores) {
        outcome.loss += share * score.loss;
        outcome.correct += score.positive > score.negative ? 1 : 0;
    }
    return outcome;
}

PairOutcome LocalLayer::gradient(ConstBlock pairs, double theta, std::span<float> gradient) const {
    OwnedBlock z(width(), pairs.samples());
    return this->gradient(pairs, theta, gradient, z.view());
}

PairOutcome LocalLayer::gradient(ConstBlock pairs, double theta, std::span<float> gradient,
                                 Block z) const {
    assert(pairs.samples() % 2 == 0 && gradient.size() == parameters_.size());
    affine_map(weights(), bias(), pairs, z, workers_);
    const PairOutcome outcome = differentiate(z, theta);
    affine_gradient(pairs, z, {gradient.data(), features_, width()}, gradient.last(width()),
                    workers_);
    return outcome;
}

PairOutcome LocalLayer::learn(ConstBlock pairs, const PairLearning& how) {
    std::vector<float> slope(parameters_.size());
    OwnedBlock z(width(), pairs.samples());
    PairOutcome total;
    for (std::uint64_t k = 0; k < how.inner_steps; ++k) {
        const PairOutcome outcome = gradient(pairs, how.theta, slope, z.view());
        adam_.update(parameters_, slope, how.learning_rate, how.updates_before + k + 1, workers_);
        total.loss += outcome.loss / static_cast<double>(how.inner_steps);
        total.correct = outcome.correct;
    }
    return total;
}

} // namespace phyll::training
