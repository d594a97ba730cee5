#include "daemon/training/local_layer.hpp"
#include "drivers/core/random.hpp"
#include "drivers/core/workers.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

using namespace phyll;
using namespace phyll::training;
using Catch::Matchers::Contains;

namespace {

constexpr std::size_t features = 6;
constexpr std::size_t width = 5;
constexpr std::size_t pairs = 11;
constexpr std::size_t classes = 3;
constexpr double theta = 4.0;

OwnedBlock random_pairs() {
    const KeyedRandom random(1, "pairs");
    OwnedBlock block(features, 2 * pairs);
    for (std::size_t i = 0; i < block.samples(); ++i) {
        for (std::size_t k = 0; k < features; ++k) {
            block.sample(i)[k] = static_cast<float>(random.normal(i, k));
        }
    }
    return block;
}

double activate(Activation activation, double z) {
    switch (activation) {
    case Activation::abs:
        return std::abs(z);
    case Activation::relu:
        return std::max(z, 0.0);
    default:
        return z;
    }
}

/// The same layer in double precision, written from the equations.
class Reference {
  public:
    Reference(const LocalLayer& layer, Activation activation)
        : activation_(activation),
          directions_(layer.directions().values().begin(), layer.directions().values().end()) {
        const std::span<const float> weights = layer.weights().values();
        parameters.assign(weights.begin(), weights.end());
        parameters.insert(parameters.end(), layer.bias().begin(), layer.bias().end());
    }

    [[nodiscard]] double goodness(std::span<const float> y, std::size_t direction = 0) const {
        double along = 0;
        double square = 0;
        for (std::size_t j = 0; j < width; ++j) {
            double z = parameters[width * features + j];
            for (std::size_t k = 0; k < features; ++k) {
                z += parameters[j * features + k] * static_cast<double>(y[k]);
            }
            const double a = activate(activation_, z);
            along += a * static_cast<double>(directions_[direction * width + j]);
            square += a * a;
        }
        return along / (std::sqrt(square) + 1e-6);
    }

    [[nodiscard]] double loss(ConstBlock block) const {
        double sum = 0;
        for (std::size_t i = 0; i < pairs; ++i) {
            const double margin = goodness(block.sample(i)) - goodness(block.sample(pairs + i));
            sum += std::log(1.0 + std::exp(-theta * margin));
        }
        return sum / pairs;
    }

    [[nodiscard]] double class_loss(ConstBlock block,
                                    const std::vector<std::uint32_t>& labels) const {
        double sum = 0;
        for (std::size_t i = 0; i < block.samples(); ++i) {
            double total = 0;
            for (std::size_t c = 0; c < classes; ++c) {
                total += std::exp(theta * goodness(block.sample(i), c));
            }
            sum += std::log(total) - theta * goodness(block.sample(i), labels[i]);
        }
        return sum / static_cast<double>(block.samples());
    }

    std::vector<double> parameters; ///< W row by row, then b

  private:
    Activation activation_;
    std::vector<float> directions_;
};

} // namespace

TEST_CASE("loss and gradient agree with finite differences through each activation") {
    for (const auto activation : {Activation::abs, Activation::relu, Activation::identity}) {
        CAPTURE(static_cast<int>(activation));
        const OwnedBlock block = random_pairs();
        LocalLayer layer({.features = features, .width = width, .activation = activation}, 1, 0);
        std::ranges::fill(layer.bias(), 0.1F);
        std::vector<float> gradient((features + 1) * width);
        const LocalOutcome outcome = layer.gradient(block.view(), layer.pair_loss(theta), gradient);
        Reference reference(layer, activation);
        CHECK(outcome.loss == Approx(reference.loss(block.view())).epsilon(1e-5));
        for (std::size_t i = 0; i < gradient.size(); ++i) {
            constexpr double step = 1e-6;
            const double here = reference.parameters[i];
            reference.parameters[i] = here + step;
            const double above = reference.loss(block.view());
            reference.parameters[i] = here - step;
            const double below = reference.loss(block.view());
            reference.parameters[i] = here;
            CHECK(static_cast<double>(gradient[i]) ==
                  Approx((above - below) / (2 * step)).epsilon(1e-3).margin(1e-5));
        }
    }
}

TEST_CASE("the loss over classes and its gradient agree with finite differences") {
    const OwnedBlock block = random_pairs();
    std::vector<std::uint32_t> labels;
    for (std::uint32_t i = 0; i < block.samples(); ++i) {
        labels.push_back(static_cast<std::uint32_t>(i % classes));
    }
    for (const auto activation : {Activation::abs, Activation::relu, Activation::identity}) {
        CAPTURE(static_cast<int>(activation));
        LocalLayer layer(
            {.features = features, .width = width, .directions = classes, .activation = activation},
            1, 0);
        std::ranges::fill(layer.bias(), 0.1F);
        std::vector<float> gradient((features + 1) * width);
        const LocalOutcome outcome =
            layer.gradient(block.view(), layer.class_loss(theta, labels), gradient);
        Reference reference(layer, activation);
        CHECK(outcome.loss == Approx(reference.class_loss(block.view(), labels)).epsilon(1e-5));
        for (std::size_t i = 0; i < gradient.size(); ++i) {
            constexpr double step = 1e-6;
            const double here = reference.parameters[i];
            reference.parameters[i] = here + step;
            const double above = reference.class_loss(block.view(), labels);
            reference.parameters[i] = here - step;
            const double below = reference.class_loss(block.view(), labels);
            reference.parameters[i] = here;
            CHECK(static_cast<double>(gradient[i]) ==
                  Approx((above - below) / (2 * step)).epsilon(1e-3).margin(1e-5));
        }
        const std::vector<float> goodness = layer.goodness(layer.map(block.view()).view());
        REQUIRE(goodness.size() == block.samples() * classes);
        std::size_t correct = 0;
        for (std::size_t i = 0; i < block.samples(); ++i) {
            const auto of = std::span(goodness).subspan(i * classes, classes);
            for (std::size_t c = 0; c < classes; ++c) {
                CHECK(static_cast<double>(of[c]) ==
                      Approx(reference.goodness(block.sample(i), c)).margin(1e-5));
            }
            correct += std::ranges::max_element(of) - of.begin() == labels[i] ? 1 : 0;
        }
        CHECK(outcome.correct == correct);
    }
}

TEST_CASE("a silent sample has no goodness and a finite gradient") {
    LocalLayer layer({.features = features, .width = width}, 1, 0);
    const OwnedBlock silent(features, 2);
    CHECK(layer.goodness(layer.map(silent.view()).view()) == std::vector<float>{0.0F, 0.0F});
    std::vector<float> gradient((features + 1) * width);
    const LocalOutcome outcome = layer.gradient(silent.view(), layer.pair_loss(theta), gradient);
    CHECK(outcome.loss == Approx(std::log(2.0)));
    CHECK(outcome.correct == 0);
    CHECK(std::ranges::all_of(gradient, [](float g) { return std::isfinite(g); }));
}

TEST_CASE("a layer starts from its seed and place") {
    const LocalLayer one({.features = features, .width = width}, 1, 0);
    const LocalLayer same({.features = features, .width = width}, 1, 0);
    const LocalLayer deeper({.features = features, .width = width}, 1, 1);
    const LocalLayer other({.features = features, .width = width}, 2, 0);
    CHECK(std::ranges::equal(one.weights().values(), same.weights().values()));
    CHECK_FALSE(std::ranges::equal(one.weights().values(), deeper.weights().values()));
    CHECK_FALSE(std::ranges::equal(one.directions().values(), other.directions().values()));
    double square = 0;
    for (const float p : one.directions().values()) {
        square += static_cast<double>(p) * static_cast<double>(p);
    }
    CHECK(square == Approx(1.0));
}

TEST_CASE("learning in two parts is the same as learning in one") {
    const OwnedBlock block = random_pairs();
    LocalLayer once({.features = features, .width = width}, 1, 0);
    LocalLayer twice = once;
    const LocalOutcome first =
        once.learn(block.view(), once.pair_loss(theta),
                   {.learning_rate = 0.01, .inner_steps = 40, .updates_before = 0});
    static_cast<void>(twice.learn(block.view(), twice.pair_loss(theta),
                                  {.learning_rate = 0.01, .inner_steps = 15, .updates_before = 0}));
    const LocalOutcome last =
        twice.learn(block.view(), twice.pair_loss(theta),
                    {.learning_rate = 0.01, .inner_steps = 25, .updates_before = 15});
    CHECK(std::ranges::equal(once.weights().values(), twice.weights().values()));
    CHECK(std::ranges::equal(once.bias(), twice.bias()));
    CHECK(last.loss < first.loss);
    CHECK(last.correct == first.correct);
}

TEST_CASE("learning does not depend on the number of workers, to the last bit") {
    constexpr std::size_t wide = 150;
    constexpr std::size_t samples = 2 * 130;
    const KeyedRandom random(3, "wide pairs");
    OwnedBlock block(wide, samples);
    for (std::size_t i = 0; i < samples; ++i) {
        for (std::size_t k = 0; k < wide; ++k) {
            block.sample(i)[k] = static_cast<float>(random.normal(i, k));
        }
    }
    const auto learned = [&](Workers* workers) {
        LocalLayer layer({.features = wide, .width = 140}, 1, 0, workers);
        const LocalOutcome outcome =
            layer.learn(block.view(), layer.pair_loss(theta), {.inner_steps = 3});
        std::vector<float> all(layer.parameters().begin(), layer.parameters().end());
        all.push_back(static_cast<float>(outcome.loss));
        return all;
    };
    const std::vector<float> alone = learned(nullptr);
    for (const unsigned threads : {1U, 2U, 3U, 4U}) {
        Workers workers(threads);
        CHECK(learned(&workers) == alone);
    }
}

TEST_CASE("a layer learns pairs that a linear map can tell apart") {
    const OwnedBlock block = random_pairs();
    LocalLayer layer({.features = features, .width = 20}, 1, 0);
    const LocalOutcome outcome = layer.learn(block.view(), layer.pair_loss(theta),
                                             {.learning_rate = 0.02, .inner_steps = 300});
    CHECK(outcome.correct == pairs);
    CHECK(layer.learn(block.view(), layer.pair_loss(theta), {.inner_steps = 1}).loss < 0.3);
}

TEST_CASE("an unknown activation is refused with those there are") {
    CHECK(parse_activation("field", "relu") == Activation::relu);
    CHECK_THROWS_WITH(parse_activation("scheme.options.activation", "gelu"),
                      Contains("scheme.options.activation") &&
                          Contains("'abs', 'relu', 'identity'"));
}
