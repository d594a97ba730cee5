#include "drivers/core/kernels/elementwise.hpp"
#include "tests/unit/kernels/support.hpp"

#include <catch2/catch.hpp>

#include <cmath>

using namespace phyll::kernels;
using test::random_numbers;

namespace {

constexpr AdamStep step{
    .beta1 = 0.9F, .beta2 = 0.99F, .rate = 0.01F, .unbias = 20.0F, .epsilon = 1e-8F};

struct State {
    std::vector<float> parameter;
    std::vector<float> first;
    std::vector<float> second;

    explicit State(std::size_t count)
        : parameter(random_numbers(count, "parameter")),
          first(random_numbers(count, "first")),
          second(random_numbers(count, "second")) {
        for (float& value : second) {
            value *= value;
        }
    }
    void update(const std::vector<float>& gradient, std::size_t from, std::size_t count) {
        phyll_adam(&step, count, gradient.data() + from, parameter.data() + from,
                   first.data() + from, second.data() + from);
    }
    bool operator==(const State&) const = default;
};

} // namespace

TEST_CASE("Adam's update is the one that is written down") {
    constexpr std::size_t count = 77;
    const std::vector<float> gradient = random_numbers(count, "gradient");
    const State before(count);
    State after = before;
    after.update(gradient, 0, count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto g = static_cast<double>(gradient[i]);
        const double first = 0.9 * static_cast<double>(before.first[i]) + 0.1 * g;
        const double second = 0.99 * static_cast<double>(before.second[i]) + 0.01 * g * g;
        const double moved = static_cast<double>(before.parameter[i]) -
                             0.01 * first / (std::sqrt(20.0 * second) + 1e-8);
        REQUIRE(static_cast<double>(after.first[i]) == Approx(first).epsilon(1e-5).margin(1e-6));
        REQUIRE(static_cast<double>(after.second[i]) == Approx(second).epsilon(1e-5));
        REQUIRE(static_cast<double>(after.parameter[i]) ==
                Approx(moved).epsilon(1e-5).margin(1e-5));
    }
}

TEST_CASE("a parameter's update does not depend on how the others are cut") {
    constexpr std::size_t count = 201;
    const std::vector<float> gradient = random_numbers(count, "gradient");
    State together(count);
    together.update(gradient, 0, count);
    const std::size_t part = GENERATE(1U, 7U, 64U);
    State apart(count);
    for (std::size_t from = 0; from < count; from += part) {
        apart.update(gradient, from, std::min(part, count - from));
    }
    REQUIRE(apart == together);
}

TEST_CASE("samples are summed in their order") {
    constexpr std::size_t width = 37;
    constexpr std::size_t samples = 23;
    const std::vector<float> values = random_numbers(width * samples, "values");
    std::vector<float> sum(width);
    // In two parts of the width: it makes no difference.
    phyll_sum_samples(values.data(), width, 5, samples, sum.data());
    phyll_sum_samples(values.data() + 5, width, width - 5, samples, sum.data() + 5);
    for (std::size_t k = 0; k < width; ++k) {
        float expected = 0.0F;
        for (std::size_t i = 0; i < samples; ++i) {
            expected += values[i * width + k];
        }
        REQUIRE(sum[k] == expected);
    }
}
