#include "drivers/core/kernels/within.hpp"
#include "tests/unit/kernels/support.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

using namespace phyll::kernels;
using test::random_numbers;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nothing = std::numeric_limits<float>::quiet_NaN();

} // namespace

TEST_CASE("values are within limits, wherever the one is that is not") {
    const std::size_t count = GENERATE(1U, 3U, 16U, 64U, 65U, 131U);
    std::vector<float> values(count, 0.25F);
    values.front() = 0.0F;
    values.back() = 0.5F;
    REQUIRE(phyll_within(values.data(), count, 0.0F, 0.5F) == 1);
    for (std::size_t i = 0; i < count; ++i) {
        for (const float bad : {-0.001F, 0.501F, infinity, -infinity, nothing}) {
            const float good = std::exchange(values[i], bad);
            REQUIRE(phyll_within(values.data(), count, 0.0F, 0.5F) == 0);
            values[i] = good;
        }
    }
    REQUIRE(phyll_within(values.data(), 0, 0.0F, 0.5F) == 1);
}

TEST_CASE("each channel has limits of its own") {
    const std::size_t channels = GENERATE(1U, 5U, 16U, 37U);
    constexpr std::size_t samples = 3;
    const std::vector<float> low = random_numbers(channels, "low");
    std::vector<float> high = low;
    std::vector<float> values;
    for (float& value : high) {
        value += 1.0F;
    }
    for (std::size_t s = 0; s < samples; ++s) {
        for (std::size_t k = 0; k < channels; ++k) {
            values.push_back(s == 0 ? low[k] : s == 1 ? high[k] : low[k] + 0.5F);
        }
    }
    const auto within = [&] {
        return phyll_channels_within(values.data(), channels, samples, low.data(), high.data());
    };
    REQUIRE(within() == 1);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t k = i % channels;
        for (const float bad :
             {std::nextafter(low[k], -infinity), std::nextafter(high[k], infinity), nothing}) {
            const float good = std::exchange(values[i], bad);
            REQUIRE(within() == 0);
            values[i] = good;
        }
    }
}
