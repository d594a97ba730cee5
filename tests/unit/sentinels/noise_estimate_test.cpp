#include "daemon/runs/sentinels/noise_estimate.hpp"

#include "drivers/core/random.hpp"

#include <catch2/catch.hpp>

#include <cmath>

using namespace phyll;
using namespace phyll::runs::sentinels;

namespace {

constexpr std::size_t sentinels = 8;

/// Contrasts of variance 1; `common`: all channels of a sentinel have the same noise.
NoiseEstimate estimate_of(std::size_t channels, std::size_t contrasts, bool common) {
    const KeyedRandom random(1, "contrasts");
    NoiseEstimate noise(channels, sentinels);
    std::vector<double> contrast(channels * sentinels);
    for (std::size_t c = 0; c < contrasts; ++c) {
        for (std::size_t i = 0; i < contrast.size(); ++i) {
            contrast[i] = random.normal(c, common ? i / channels : i);
        }
        noise.add(contrast);
    }
    return noise;
}

} // namespace

TEST_CASE("without a contrast, and without noise, nothing is explained by noise") {
    NoiseEstimate noise(2, sentinels);
    REQUIRE(noise.variance() == 0.0);
    REQUIRE(noise.excess() == 0.0);
    for (int i = 0; i < 10; ++i) {
        noise.add(std::vector<double>(2 * sentinels, 0.0));
    }
    REQUIRE(noise.variance() == 0.0);
    REQUIRE(noise.excess() == 0.0);
}

TEST_CASE("the variance of noise is found") {
    REQUIRE(estimate_of(16, 200, false).variance() == Approx(1.0).epsilon(0.03));
    REQUIRE(estimate_of(16, 2000, true).variance() == Approx(1.0).epsilon(0.05));
}

TEST_CASE("what noise may reach is a little above the quantile of chi squared") {
    // The quantile of 1 - 3e-7 of chi squared with n degrees, over n, less 1; by Wilson and
    // Hilferty.
    const auto exact = [](double n) {
        const double variance = 2 / (9 * n);
        return std::pow(1 - variance + 4.99 * std::sqrt(variance), 3) - 1;
    };
    const double one = estimate_of(1, 4000, false).excess();
    REQUIRE(one > exact(sentinels));
    REQUIRE(one < 1.8 * exact(sentinels));
    const double common = estimate_of(16, 4000, true).excess();
    REQUIRE(common == Approx(one).epsilon(0.1));
    // Here the bound does not know that no source of noise is larger than the others.
    const double many = estimate_of(16, 4000, false).excess();
    REQUIRE(many > exact(16 * sentinels));
    REQUIRE(many < 2.5 * exact(16 * sentinels));
    REQUIRE(many < 0.4 * one);
}

TEST_CASE("with few contrasts the doubt about the noise is allowed for") {
    const double known = estimate_of(1, 4000, false).excess();
    REQUIRE(estimate_of(1, 3, false).excess() > 2 * known);
    REQUIRE(estimate_of(1, 1, false).excess() > 4 * known);
}
