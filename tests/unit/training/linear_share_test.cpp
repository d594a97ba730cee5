#include "daemon/training/characterise/linear_share.hpp"

#include "characterised.hpp"
#include "daemon/training/characterise/probes.hpp"
#include "drivers/core/random.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <numeric>

using namespace phyll;
using namespace phyll::training;

namespace {

constexpr std::size_t outputs = 24;

/// Mean over outputs that mix the inputs linearly to unit deviation, plus a product of two of them
/// and noise, each of the given deviation.
double mean_share(std::size_t inputs, double product, double noise) {
    const OwnedBlock x = uniform_drives(test::toy_spec(inputs, outputs),
                                        std::max<std::size_t>(1200, 3 * inputs + 3), 4);
    const KeyedRandom random(9, "noise");
    OwnedBlock y(outputs, x.samples());
    for (std::size_t i = 0; i < x.samples(); ++i) {
        for (std::size_t k = 0; k < outputs; ++k) {
            const auto centred = [&](std::size_t input) {
                return static_cast<double>(x.sample(i)[input % inputs]) - 0.5;
            };
            y.sample(i)[k] = static_cast<float>(
                test::mixture(x.sample(i), k) / test::mixture_deviation(inputs, k) +
                product * 12.0 * centred(k) * centred(k + 1) + noise * random.normal(i, k));
        }
    }
    const std::vector<double> shares =
        nonlinear_share(x.view(), y.view(), std::vector<double>(outputs, noise));
    return std::accumulate(shares.begin(), shares.end(), 0.0) / static_cast<double>(outputs);
}

} // namespace

TEST_CASE("a linear rig has no nonlinear share, whatever its noise and number of inputs",
          "[long]") {
    for (const std::size_t inputs : {4UL, 20UL, 500UL}) {
        CAPTURE(inputs);
        CHECK(mean_share(inputs, 0.0, 0.0) == Approx(0.0).margin(1e-6));
        CHECK(mean_share(inputs, 0.0, 0.316) == Approx(0.0).margin(0.01));
        CHECK(mean_share(inputs, 0.0, 1.0) == Approx(0.0).margin(0.06));
    }
}

TEST_CASE("a product's share of the variance is read, whatever the noise and number of inputs",
          "[long]") {
    for (const std::size_t inputs : {4UL, 20UL, 500UL}) {
        for (const double noise : {0.0, 0.316}) {
            CAPTURE(inputs, noise);
            CHECK(mean_share(inputs, 0.5, noise) == Approx(0.2).margin(0.03));
            CHECK(mean_share(inputs, 3.0, noise) == Approx(0.9).margin(0.06));
        }
    }
}

TEST_CASE("an output of noise alone has no nonlinear share to speak of") {
    const OwnedBlock x = uniform_drives(test::toy_spec(3, 1), 1200, 1);
    OwnedBlock y(1, x.samples());
    REQUIRE(nonlinear_share(x.view(), y.view(), std::vector<double>{0.0}).front() == 0.0);
    for (std::size_t i = 0; i < x.samples(); ++i) {
        y.sample(i)[0] = static_cast<float>(KeyedRandom(2, "noise").normal(i));
    }
    REQUIRE(nonlinear_share(x.view(), y.view(), std::vector<double>{1.5}).front() == 0.0);
}
