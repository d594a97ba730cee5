#include "drivers/core/kernels/goodness.hpp"
#include "tests/unit/kernels/support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace phyll::kernels;
using test::random_numbers;

namespace {

constexpr std::size_t pairs = 9;
constexpr double theta = 4.0;

double activated(Activation activation, double z) {
    switch (activation) {
    case Activation::abs:
        return std::abs(z);
    case Activation::relu:
        return std::max(z, 0.0);
    case Activation::identity:
        break;
    }
    return z;
}

/// The goodness in double precision, from its equation.
double goodness(const GoodnessLayer& layer, const double* z) {
    double along = 0.0;
    double square = 0.0;
    for (std::size_t j = 0; j < layer.width; ++j) {
        const double a = activated(layer.activation, z[j]);
        along += a * static_cast<double>(layer.projection[j]);
        square += a * a;
    }
    return along / (std::sqrt(square) + 1e-6);
}

/// Positive samples first, then the negative ones.
double mean_loss(const GoodnessLayer& layer, const std::vector<double>& z) {
    double sum = 0.0;
    for (std::size_t i = 0; i < pairs; ++i) {
        const double margin =
            goodness(layer, &z[i * layer.width]) - goodness(layer, &z[(pairs + i) * layer.width]);
        sum += std::log(1.0 + std::exp(-theta * margin)) / pairs;
    }
    return sum;
}

} // namespace

TEST_CASE("goodness, loss and gradient agree with finite differences of the equations") {
    const auto activation = GENERATE(Activation::abs, Activation::relu, Activation::identity);
    const std::size_t width = GENERATE(1U, 5U, 20U, 33U);
    CAPTURE(static_cast<int>(activation), width);
    std::vector<float> projection = random_numbers(width, "projection");
    const GoodnessLayer layer{projection.data(), width, activation};
    std::vector<float> z = random_numbers(2 * pairs * width, "z");
    std::vector<double> exact(z.begin(), z.end());
    const std::vector<float> before = z;

    std::vector<float> value(2 * pairs);
    phyll_goodness(&layer, z.data(), 2 * pairs, value.data());
    std::vector<PairScore> scores(pairs);
    phyll_pair_gradient(&layer, theta, 1.0 / pairs, z.data(), z.data() + pairs * width, pairs,
                        scores.data());
    double loss = 0.0;
    for (std::size_t i = 0; i < pairs; ++i) {
        loss += scores[i].loss / pairs;
        REQUIRE(scores[i].positive == value[i]);
        REQUIRE(scores[i].negative == value[pairs + i]);
        REQUIRE(static_cast<double>(value[i]) ==
                Approx(goodness(layer, &exact[i * width])).margin(1e-5));
    }
    REQUIRE(loss == Approx(mean_loss(layer, exact)).epsilon(1e-5));
    for (std::size_t k = 0; k < exact.size(); ++k) {
        constexpr double step = 1e-6;
        exact[k] = static_cast<double>(before[k]) + step;
        const double above = mean_loss(layer, exact);
        exact[k] = static_cast<double>(before[k]) - step;
        const double below = mean_loss(layer, exact);
        exact[k] = static_cast<double>(before[k]);
        REQUIRE(static_cast<double>(z[k]) ==
                Approx((above - below) / (2 * step)).epsilon(2e-3).margin(1e-5));
    }
}

TEST_CASE("a pair's score and gradient do not depend on the pairs beside it") {
    constexpr std::size_t width = 21;
    const std::vector<float> projection = random_numbers(width, "projection");
    const GoodnessLayer layer{projection.data(), width, Activation::abs};
    const std::vector<float> z = random_numbers(2 * pairs * width, "z");
    std::vector<float> together = z;
    std::vector<PairScore> scores(pairs);
    phyll_pair_gradient(&layer, theta, 0.1, together.data(), together.data() + pairs * width, pairs,
                        scores.data());
    std::vector<float> apart = z;
    for (std::size_t i = 0; i < pairs; ++i) {
        PairScore score{};
        phyll_pair_gradient(&layer, theta, 0.1, apart.data() + i * width,
                            apart.data() + (pairs + i) * width, 1, &score);
        REQUIRE(score.loss == scores[i].loss);
        REQUIRE(score.positive == scores[i].positive);
        REQUIRE(score.negative == scores[i].negative);
    }
    REQUIRE(apart == together);
}

TEST_CASE("silent samples and hopeless pairs stay finite") {
    constexpr std::size_t width = 4;
    const std::vector<float> projection(width, 0.5F);
    const GoodnessLayer layer{projection.data(), width, Activation::identity};
    std::vector<float> silent(2 * width);
    PairScore score{};
    phyll_pair_gradient(&layer, theta, 1.0, silent.data(), silent.data() + width, 1, &score);
    REQUIRE(score.loss == Approx(std::log(2.0)));
    REQUIRE(score.positive == 0.0F);
    REQUIRE(std::ranges::all_of(silent, [](float g) { return std::isfinite(g); }));

    // Steep enough for exp of the margin to overflow: goodness -1 against +1.
    std::vector<float> wrong{-1, -1, -1, -1, 1, 1, 1, 1};
    phyll_pair_gradient(&layer, 1000.0, 1.0, wrong.data(), wrong.data() + width, 1, &score);
    REQUIRE(score.loss == Approx(2000.0).epsilon(1e-5));
    REQUIRE(std::ranges::all_of(wrong, [](float g) { return std::isfinite(g); }));
    std::vector<float> right{1, 1, 1, 1, -1, -1, -1, -1};
    phyll_pair_gradient(&layer, 1000.0, 1.0, right.data(), right.data() + width, 1, &score);
    REQUIRE(score.loss == 0.0);
}

TEST_CASE("activations are what they are called") {
    const std::vector<float> z{-2.5F, -0.0F, 0.0F, 1.5F, 3.0F};
    std::vector<float> a(z.size());
    phyll_activate(Activation::abs, z.data(), z.size(), a.data());
    REQUIRE(a == std::vector<float>{2.5F, 0.0F, 0.0F, 1.5F, 3.0F});
    phyll_activate(Activation::relu, z.data(), z.size(), a.data());
    REQUIRE(a == std::vector<float>{0.0F, 0.0F, 0.0F, 1.5F, 3.0F});
    phyll_activate(Activation::identity, z.data(), z.size(), a.data());
    REQUIRE(a == z);
}
