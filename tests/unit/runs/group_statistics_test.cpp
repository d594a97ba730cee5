#include "daemon/runs/group_statistics.hpp"

#include <catch2/catch.hpp>

#include <cmath>

using namespace phyll::runs;

namespace {

/// Ten values whose mean and standard deviation are these.
std::vector<double> ten(double mean, double deviation) {
    std::vector<double> values;
    // +1 and -1 have a sample variance of 10 / 9.
    for (int i = 0; i < 10; ++i) {
        values.push_back(mean + (i % 2 == 0 ? 1 : -1) * deviation * std::sqrt(0.9));
    }
    return values;
}

} // namespace

TEST_CASE("ten overlapping splits of 206 and 52 samples: 2.3 points, where Student says 1.2") {
    const std::vector<double> values = ten(0.972, 0.017);
    const Samples samples{.training = 206, .test = 52};
    const MeanEstimate corrected = estimate(values, Sampling::resampled_splits, samples);
    REQUIRE(corrected.n == 10);
    REQUIRE(corrected.mean == Approx(0.972));
    REQUIRE(corrected.deviation.value() == Approx(0.017));
    // t(0.975, 9) = 2.262157 times 0.017 sqrt(1/10 + 52/206)
    REQUIRE(corrected.half_width.value() == Approx(0.0228300).epsilon(1e-5));
    const MeanEstimate plain = estimate(values, Sampling::fresh_data, samples);
    REQUIRE(plain.half_width.value() == Approx(2.262157 * 0.017 / std::sqrt(10)).epsilon(1e-6));
}

TEST_CASE("quantiles of Student's t are those of the tables") {
    const auto t = [](std::size_t n) {
        std::vector<double> values(n, 0.0);
        values[0] = 1.0;
        const MeanEstimate found = estimate(values, Sampling::fresh_data, {});
        return found.half_width.value() / (found.deviation.value() / std::sqrt(n));
    };
    REQUIRE(t(2) == Approx(12.7062).epsilon(1e-5));
    REQUIRE(t(3) == Approx(4.30265).epsilon(1e-5));
    REQUIRE(t(5) == Approx(2.77645).epsilon(1e-5));
    REQUIRE(t(31) == Approx(2.04227).epsilon(1e-5));
}

TEST_CASE("one test set brings its own sampling error, whatever the spread of the trainings") {
    const Samples samples{.training = 60'000, .test = 10'000};
    // 98.5 % of 10,000: a standard error of 0.12 points.
    const std::vector<double> same(4, 0.985);
    REQUIRE(estimate(same, Sampling::fixed_test_set, samples).half_width.value() ==
            Approx(1.959964 * std::sqrt(0.985 * 0.015 / 10'000)).epsilon(1e-6));
    const std::vector<double> values = ten(0.985, 0.002);
    const double plain = estimate(values, Sampling::fresh_data, samples).half_width.value();
    REQUIRE(estimate(values, Sampling::fixed_test_set, samples).half_width.value() ==
            Approx(std::hypot(plain, 1.959964 * std::sqrt(0.985 * 0.015 / 10'000))).epsilon(1e-6));
}

TEST_CASE("differences are paired: what both share does not widen them") {
    const std::vector<double> a{0.90, 0.80, 0.70};
    const std::vector<double> b{0.88, 0.79, 0.67};
    const Samples samples{.training = 100, .test = 25};
    const MeanEstimate found = estimate_difference(a, b, Sampling::resampled_splits, samples);
    REQUIRE(found.n == 3);
    REQUIRE(found.mean == Approx(0.02));
    REQUIRE(found.deviation.value() == Approx(0.01));
    REQUIRE(found.half_width.value() ==
            Approx(4.302653 * 0.01 * std::sqrt(1.0 / 3 + 0.25)).epsilon(1e-6));
}

TEST_CASE("on one test set a difference is bounded by as few common errors as there can be") {
    const std::vector<double> a(3, 0.90);
    const std::vector<double> b(3, 0.80);
    const MeanEstimate found =
        estimate_difference(a, b, Sampling::fixed_test_set, {.training = 100, .test = 1000});
    // They differ on at most 10 % + 20 % of the samples.
    REQUIRE(found.half_width.value() ==
            Approx(1.959964 * std::sqrt((0.3 - 0.01) / 1000)).epsilon(1e-6));
    const std::vector<double> same(3, 1.0);
    REQUIRE(
        estimate_difference(same, same, Sampling::fixed_test_set, {.training = 100, .test = 1000})
            .half_width.value() == 0.0);
}

TEST_CASE("one value has a mean and no interval, none has nothing") {
    const std::vector<double> one{0.9};
    for (const Sampling sampling :
         {Sampling::resampled_splits, Sampling::fresh_data, Sampling::fixed_test_set}) {
        const MeanEstimate found = estimate(one, sampling, {.training = 10, .test = 5});
        REQUIRE(found.n == 1);
        REQUIRE(found.mean == 0.9);
        REQUIRE_FALSE(found.deviation);
        REQUIRE_FALSE(found.half_width);
        REQUIRE(estimate({}, sampling, {}).n == 0);
        REQUIRE(estimate_difference({}, {}, sampling, {}).n == 0);
    }
}
