#include "drivers/core/error.hpp"
#include "drivers/core/minimise.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>
#include <vector>

using namespace phyll;

namespace {

/// Rosenbrock's valley: its minimum is at (1, 1), at the end of a bend.
double valley(std::span<const double> p, std::span<double> gradient) {
    const double a = 1.0 - p[0];
    const double b = p[1] - p[0] * p[0];
    gradient[0] = -2.0 * a - 400.0 * b * p[0];
    gradient[1] = 200.0 * b;
    return a * a + 100.0 * b * b;
}

} // namespace

TEST_CASE("a minimum is found from afar, and again from where it is") {
    std::vector<double> p{-1.2, 1.0};
    minimise(p, valley, {.precision = 1e-8});
    REQUIRE(p[0] == Approx(1.0).epsilon(1e-6));
    REQUIRE(p[1] == Approx(1.0).epsilon(1e-6));
    const std::vector<double> found = p;
    minimise(p, valley, {.precision = 1e-8});
    REQUIRE(p == found);
}

TEST_CASE("few iterations end on the way") {
    std::vector<double> p{-1.2, 1.0};
    minimise(p, valley, {.precision = 1e-8, .most_iterations = 3});
    std::vector<double> gradient(2);
    const double reached = valley(p, gradient);
    REQUIRE(reached < 24.2); // where it started
    REQUIRE(reached > 1e-3);
}

TEST_CASE("what a function throws comes out, and a stop ends the search") {
    std::vector<double> p{-1.2, 1.0};
    int calls = 0;
    const auto failing = [&](std::span<const double> at, std::span<double> gradient) {
        if (++calls == 3) {
            throw std::runtime_error("no more");
        }
        return valley(at, gradient);
    };
    REQUIRE_THROWS_WITH(minimise(p, failing, {}), "no more");
    REQUIRE(calls == 3);
    std::stop_source stop;
    stop.request_stop();
    try {
        minimise(p, valley, {.stop = stop.get_token()});
        FAIL("it was not stopped");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::cancelled);
    }
    REQUIRE(p == std::vector<double>{-1.2, 1.0});
}
