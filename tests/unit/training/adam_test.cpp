#include "daemon/training/adam.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <vector>

using namespace phyll::training;

TEST_CASE("Adam's first step is the learning rate against the gradient's sign") {
    Adam adam(2, {});
    std::vector<float> parameters{1.0F, -1.0F};
    adam.update(parameters, std::vector<float>{0.001F, -30.0F}, 0.1, 1);
    CHECK(parameters[0] == Approx(0.9F));
    CHECK(parameters[1] == Approx(-0.9F));
}

TEST_CASE("Adam's second step is the one computed by hand") {
    // Gradients 1 and -2 with beta1 0.9, beta2 0.99, learning rate 0.5:
    // m = 0.1, then 0.9 * 0.1 - 0.1 * 2 = -0.11;      unbiased -0.11 / 0.19
    // v = 0.01, then 0.99 * 0.01 + 0.01 * 4 = 0.0499; unbiased 0.0499 / 0.0199
    Adam adam(1, {.beta1 = 0.9, .beta2 = 0.99, .epsilon = 1e-8});
    std::vector<float> parameter{0.0F};
    adam.update(parameter, std::array{1.0F}, 0.5, 1);
    CHECK(parameter[0] == Approx(-0.5F));
    adam.update(parameter, std::array{-2.0F}, 0.5, 2);
    const double step = 0.5 * (-0.11 / 0.19) / std::sqrt(0.0499 / 0.0199);
    CHECK(static_cast<double>(parameter[0]) == Approx(-0.5 - step));
    CHECK(adam.first_moment()[0] == Approx(-0.11F));
    CHECK(adam.second_moment()[0] == Approx(0.0499F));
}

TEST_CASE("a parameter without gradient stands still") {
    Adam adam(1, {});
    std::vector<float> parameter{2.0F};
    for (std::uint64_t step = 1; step <= 10; ++step) {
        adam.update(parameter, std::array{0.0F}, 0.1, step);
    }
    CHECK(parameter[0] == 2.0F);
}
