#include "drivers/core/kernels/normal.hpp"
#include "tests/unit/kernels/support.hpp"

#include <catch2/catch.hpp>

#include <Random123/philox.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

using namespace phyll::kernels;

namespace {

std::vector<float> normals(std::uint64_t key, std::uint64_t row, std::size_t count) {
    std::vector<float> numbers(count);
    phyll_normals(key, row, 0, count, numbers.data());
    return numbers;
}

/// Number `index` of a row in double precision, from Random123's own Philox.
double expected(std::uint64_t key, std::uint64_t row, std::uint64_t index) {
    using Philox = r123::Philox4x32;
    const std::uint64_t counter = index / 64 * 16 + index % 16;
    const std::size_t slot = index % 64 / 16;
    const auto word = [](std::uint64_t value, unsigned part) {
        return static_cast<std::uint32_t>(value >> (32U * part));
    };
    const Philox::ctr_type out =
        Philox{}({{word(row, 0), word(row, 1), word(counter, 0), word(counter, 1)}},
                 {{word(key, 0), word(key, 1)}});
    const std::uint32_t first = out[slot / 2 * 2];
    const std::uint32_t second = out[slot / 2 * 2 + 1];
    const double u = (first >> 1U) * 0x1p-31 + 0x1p-32;
    const double within = static_cast<std::int32_t>(second << 2U) * 0x1p-31;
    const double angle = std::numbers::pi / 2 * (second >> 30U) + std::numbers::pi / 4 * within;
    const double radius = std::sqrt(-2.0 * std::log(u));
    return radius * (slot % 2 == 0 ? std::cos(angle) : std::sin(angle));
}

} // namespace

TEST_CASE("normal numbers are Box and Muller's of Philox's words") {
    const std::uint64_t key = 0x0123456789abcdefU;
    const std::uint64_t row = GENERATE(0U, 0xfedcba9876543210U);
    const std::vector<float> numbers = normals(key, row, 1000);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        CAPTURE(i);
        // float has few digits left for the logarithm of numbers just below 1.
        REQUIRE(static_cast<double>(numbers[i]) == Approx(expected(key, row, i)).margin(1e-4));
    }
}

TEST_CASE("a number depends on key, row and index and on nothing else") {
    const std::vector<float> row = normals(1, 2, 333);
    for (const std::size_t count : {1U, 63U, 64U, 65U, 200U}) {
        const std::vector<float> fewer = normals(1, 2, count);
        REQUIRE(std::equal(fewer.begin(), fewer.end(), row.begin()));
    }
    std::vector<float> later(100);
    phyll_normals(1, 2, 192, later.size(), later.data());
    REQUIRE(std::equal(later.begin(), later.end(), row.begin() + 192));
    REQUIRE(normals(1, 3, 333) != row);
    REQUIRE(normals(2, 2, 333) != row);
}

TEST_CASE("normal numbers have the moments and the tails of the normal distribution") {
    constexpr std::size_t rows = 500;
    constexpr std::size_t columns = 2000;
    constexpr double n = rows * columns;
    std::array<double, 5> moment{};
    std::array<double, 3> beyond{}; // 1, 2, 3 standard deviations
    double with_next = 0.0;
    double with_next_row = 0.0;
    std::vector<float> last(columns);
    for (std::size_t r = 0; r < rows; ++r) {
        const std::vector<float> numbers = normals(7, r, columns);
        for (std::size_t k = 0; k < columns; ++k) {
            const auto x = static_cast<double>(numbers[k]);
            double power = 1.0;
            for (double& m : moment) {
                m += power / n;
                power *= x;
            }
            for (std::size_t s = 0; s < beyond.size(); ++s) {
                beyond[s] += std::abs(x) > static_cast<double>(s + 1) ? 1.0 / n : 0.0;
            }
            with_next += k > 0 ? x * static_cast<double>(numbers[k - 1]) / n : 0.0;
            with_next_row += x * static_cast<double>(last[k]) / n;
        }
        last = numbers;
    }
    // Four standard errors.
    const double error = 4.0 / std::sqrt(n);
    CHECK(moment[1] == Approx(0.0).margin(error));
    CHECK(moment[2] == Approx(1.0).margin(error * std::sqrt(2.0)));
    CHECK(moment[3] == Approx(0.0).margin(error * std::sqrt(15.0)));
    CHECK(moment[4] == Approx(3.0).margin(error * std::sqrt(96.0)));
    CHECK(with_next == Approx(0.0).margin(error));
    CHECK(with_next_row == Approx(0.0).margin(error));
    const std::array<double, 3> tails{0.317311, 0.0455003, 0.0026998};
    for (std::size_t s = 0; s < tails.size(); ++s) {
        CHECK(beyond[s] == Approx(tails[s]).margin(error * std::sqrt(tails[s])));
    }
}
