#include "sim/rigs/decorators/walk.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <utility>

using phyll::sim::Walk;

TEST_CASE("a walk starts at zero and is a function of seed, parameter and time") {
    const Walk walk(3, 7);
    REQUIRE(walk.at(0.0) == 0.0);
    REQUIRE(walk.at(2.5) == Walk(3, 7).at(2.5));
    REQUIRE(walk.at(2.5) != Walk(3, 8).at(2.5));
    REQUIRE(walk.at(2.5) != Walk(4, 7).at(2.5));
}

TEST_CASE("a walk is smooth") {
    const Walk walk(1, 1);
    for (double t = 0.0; t < 4.0; t += 1.0 / 256) {
        REQUIRE(std::abs(walk.at(t + 1e-6) - walk.at(t)) < 1e-4);
    }
}

TEST_CASE("walks spread as the square root of time") {
    const auto [t, rms] = GENERATE(table<double, double>(
        {{1.0 / 16, 0.21}, {0.25, 0.48}, {1.0, 1.0}, {4.0, 2.04}, {16.0, 4.07}}));
    constexpr int walks = 3000;
    double square = 0.0;
    for (std::uint64_t i = 0; i < walks; ++i) {
        square += std::pow(Walk(5, i).at(t), 2) / walks;
    }
    // Five standard errors of a root mean square of normal numbers.
    REQUIRE(std::sqrt(square) == Approx(rms).epsilon(0.015 + 5 / std::sqrt(2.0 * walks)));
}
