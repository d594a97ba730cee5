#include "daemon/training/local_layer.hpp"

#include "daemon/training/choices.hpp"
#include "daemon/training/contrast.hpp"
#include "daemon/training/matrix_product.hpp"
#include "daemon/training/tiles.hpp"
#include "drivers/core/kernels/class_goodness.hpp"
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

kernels::GoodnessLayer along_one(const LocalShape& shape, ConstBlock directions) {
    return {directions.data(), shape.width, kernel_activation(shape.activation)};
}

kernels::ClassLayer along_all(const LocalShape& shape, ConstBlock directions) {
    return {directions.data(), shape.directions, shape.width, kernel_activation(shape.activation)};
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

LocalLayer::LocalLayer(const LocalShape& shape, std::uint64_t seed, std::size_t index,
                       Workers* workers)
    : shape_(shape),
      workers_(workers),
      parameters_((shape.features + 1) * shape.width),
      directions_(shape.width, shape.directions),
      adam_(parameters_.size(), shape.adam) {
    const KeyedRandom weight_random(seed, fmt::format("layer {} weights", index + 1));
    const double deviation = 1.0 / std::sqrt(static_cast<double>(features()));
    for (std::size_t j = 0; j < width(); ++j) {
        for (std::size_t k = 0; k < features(); ++k) {
            weights().sample(j)[k] = static_cast<float>(deviation * weight_random.normal(j, k));
        }
    }
    const KeyedRandom direction_random(seed, fmt::format("layer {} projection", index + 1));
    for (std::size_t c = 0; c < shape.directions; ++c) {
        const std::span<float> direction = directions_.sample(c);
        for (std::size_t j = 0; j < width(); ++j) {
            direction[j] = static_cast<float>(direction_random.normal(j, c));
        }
        normalise(direction);
    }
}

ConstBlock LocalLayer::weights() const noexcept {
    return {parameters_.data(), features(), width()};
}
Block LocalLayer::weights() noexcept {
    return {parameters_.data(), features(), width()};
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
    std::vector<float> values(z.samples() * shape_.directions);
    if (shape_.directions == 1) {
        const kernels::GoodnessLayer layer = along_one(shape_, directions_.view());
        kernels::phyll_goodness(&layer, z.data(), z.samples(), values.data());
    } else {
        const kernels::ClassLayer layer = along_all(shape_, directions_.view());
        kernels::phyll_class_goodness(&layer, z.data(), z.samples(), values.data());
    }
    return values;
}

LocalLoss LocalLayer::pair_loss(double theta) const {
    return [this, theta](Block z) { return differentiate_pairs(z, theta); };
}

LocalLoss LocalLayer::class_loss(double theta, std::span<const std::uint32_t> labels) const {
    return [this, theta, labels](Block z) { return differentiate_classes(z, theta, labels); };
}

LocalLoss LocalLayer::contrast_loss(double tau) const {
    return [this, tau](Block z) {
        return differentiate_contrast(shape_.activation, tau, z, workers_);
    };
}

LocalOutcome LocalLayer::differentiate_pairs(Block z, double theta) const {
    assert(z.samples() % 2 == 0);
    const kernels::GoodnessLayer layer = along_one(shape_, directions_.view());
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
    LocalOutcome outcome;
    for (const kernels::PairScore& score : scores) {
        outcome.loss += share * score.loss;
        outcome.correct += score.positive > score.negative ? 1 : 0;
    }
    return outcome;
}

LocalOutcome LocalLayer::differentiate_classes(Block z, double theta,
                                               std::span<const std::uint32_t> labels) const {
    assert(labels.size() == z.samples());
    const kernels::ClassLayer layer = along_all(shape_, directions_.view());
    const std::size_t count = z.samples();
    const double share = 1.0 / static_cast<double>(count);
    std::vector<kernels::ClassScore> scores(count);
    for_each_tile(workers_, tile_count(count, samples_per_tile),
                  operations_per_z * static_cast<double>(z.size() * shape_.directions),
                  [&](std::size_t tile) {
                      const std::size_t first = tile * samples_per_tile;
                      const std::size_t samples = std::min(samples_per_tile, count - first);
                      std::vector<float> scratch(shape_.directions);
                      kernels::phyll_class_gradient(
                          &layer, theta, share, z.data() + first * width(), labels.data() + first,
                          samples, scratch.data(), scores.data() + first);
                  });
    LocalOutcome outcome;
    for (std::size_t i = 0; i < count; ++i) {
        outcome.loss += share * scores[i].loss;
        outcome.correct += scores[i].best == labels[i] ? 1 : 0;
    }
    return outcome;
}

LocalOutcome LocalLayer::gradient(ConstBlock y, const LocalLoss& loss,
                                  std::span<float> gradient) const {
    OwnedBlock z(width(), y.samples());
    return this->gradient(y, loss, gradient, z.view());
}

LocalOutcome LocalLayer::gradient(ConstBlock y, const LocalLoss& loss, std::span<float> gradient,
                                  Block z) const {
    assert(gradient.size() == parameters_.size());
    affine_map(weights(), bias(), y, z, workers_);
    const LocalOutcome outcome = loss(z);
    affine_gradient(y, z, {gradient.data(), features(), width()}, gradient.last(width()), workers_);
    return outcome;
}

LocalOutcome LocalLayer::learn(ConstBlock y, const LocalLoss& loss, const LearningSteps& how) {
    std::vector<float> slope(parameters_.size());
    OwnedBlock z(width(), y.samples());
    LocalOutcome total;
    for (std::uint64_t k = 0; k < how.inner_steps; ++k) {
        const LocalOutcome outcome = gradient(y, loss, slope, z.view());
        adam_.update(parameters_, slope, how.learning_rate, how.updates_before + k + 1, workers_);
        total.loss += outcome.loss / static_cast<double>(how.inner_steps);
        total.correct = outcome.correct;
    }
    return total;
}

} // namespace phyll::training
