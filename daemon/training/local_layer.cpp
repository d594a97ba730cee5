#include "daemon/training/local_layer.hpp"

#include "daemon/training/choices.hpp"
#include "daemon/training/matrix_product.hpp"
#include "drivers/core/random.hpp"

#include <fmt/format.h>

#include <cassert>
#include <cmath>

namespace phyll::training {
namespace {

constexpr float epsilon = 1e-6F;

float activate(Activation activation, float z) {
    switch (activation) {
    case Activation::abs:
        return std::abs(z);
    case Activation::relu:
        return z > 0.0F ? z : 0.0F;
    case Activation::identity:
        break;
    }
    return z;
}

/// The activation's derivative; at the kink of abs and relu, zero.
float slope_at(Activation activation, float z) {
    switch (activation) {
    case Activation::abs:
        return static_cast<float>((z > 0.0F) - (z < 0.0F));
    case Activation::relu:
        return z > 0.0F ? 1.0F : 0.0F;
    case Activation::identity:
        break;
    }
    return 1.0F;
}

/// log(1 + exp(x)) without overflow.
double softplus(double x) {
    return (x > 0.0 ? x : 0.0) + std::log1p(std::exp(-std::abs(x)));
}

double sigmoid(double x) {
    return 1.0 / (1.0 + std::exp(-x));
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
                       const AdamSettings& adam, std::uint64_t seed, std::size_t index)
    : features_(features),
      activation_(activation),
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
    affine_map(weights(), bias(), y, z.view());
    return z;
}

LocalLayer::Goodness LocalLayer::judge(std::span<const float> z) const {
    float along = 0.0F;
    float square = 0.0F;
    for (std::size_t j = 0; j < z.size(); ++j) {
        const float a = activate(activation_, z[j]);
        along += a * projection_[j];
        square += a * a;
    }
    const float norm = std::sqrt(square);
    return {.value = along / (norm + epsilon), .norm = norm};
}

void LocalLayer::differentiate(std::span<float> z, const Goodness& goodness, float slope) const {
    // dg/da = (p - g a / |a|) / (|a| + epsilon), from the quotient rule.
    const float pull = goodness.norm > 0.0F ? goodness.value / goodness.norm : 0.0F;
    const float scale = slope / (goodness.norm + epsilon);
    for (std::size_t j = 0; j < z.size(); ++j) {
        const float a = activate(activation_, z[j]);
        z[j] = scale * (projection_[j] - pull * a) * slope_at(activation_, z[j]);
    }
}

std::vector<float> LocalLayer::goodness(ConstBlock z) const {
    std::vector<float> values(z.samples());
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = judge(z.sample(i)).value;
    }
    return values;
}

PairOutcome LocalLayer::gradient(ConstBlock pairs, double theta, std::span<float> gradient) const {
    assert(pairs.samples() % 2 == 0 && gradient.size() == parameters_.size());
    const std::size_t count = pairs.samples() / 2;
    const auto pair_count = static_cast<double>(count);
    OwnedBlock z = map(pairs);
    PairOutcome outcome;
    for (std::size_t i = 0; i < count; ++i) {
        const Goodness positive = judge(z.sample(i));
        const Goodness negative = judge(z.sample(count + i));
        const double margin =
            theta * (static_cast<double>(positive.value) - static_cast<double>(negative.value));
        outcome.loss += softplus(-margin) / pair_count;
        outcome.correct += positive.value > negative.value ? 1 : 0;
        // dL/dg of the positive sample is -slope, of the negative one +slope.
        const auto slope = static_cast<float>(theta / pair_count * sigmoid(-margin));
        differentiate(z.sample(i), positive, -slope);
        differentiate(z.sample(count + i), negative, slope);
    }
    affine_gradient(pairs, z.view(), {gradient.data(), features_, width()}, gradient.last(width()));
    return outcome;
}

PairOutcome LocalLayer::learn(ConstBlock pairs, const PairLearning& how) {
    std::vector<float> slope(parameters_.size());
    PairOutcome total;
    for (std::uint64_t k = 0; k < how.inner_steps; ++k) {
        const PairOutcome outcome = gradient(pairs, how.theta, slope);
        adam_.update(parameters_, slope, how.learning_rate, how.updates_before + k + 1);
        total.loss += outcome.loss / static_cast<double>(how.inner_steps);
        total.correct = outcome.correct;
    }
    return total;
}

} // namespace phyll::training
