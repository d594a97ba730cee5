#include "drivers/core/error.hpp"
#include "drivers/instruments/sweep_values.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <limits>
#include <string>
#include <vector>

using namespace phyll;
using namespace phyll::instruments;

namespace {

const VnaSetup three{
    .start = {1e9}, .stop = {2e9}, .points = 3, .if_bandwidth = {1e3}, .power = {}};

template <class Real>
std::vector<std::byte> block(const std::vector<Real>& numbers) {
    std::vector<std::byte> bytes(numbers.size() * sizeof(Real));
    std::memcpy(bytes.data(), numbers.data(), bytes.size());
    return bytes;
}

} // namespace

TEST_CASE("the points of a sweep are at equal distances") {
    REQUIRE(three.frequency(0).value == 1e9);
    REQUIRE(three.frequency(1).value == 1.5e9);
    REQUIRE(three.frequency(2).value == 2e9);
}

TEST_CASE("a block holds real and imaginary parts in turn") {
    const SweepValues expected{{1, 2}, {3, 4}, {-5, 0.5F}};
    REQUIRE(from_block(block<float>({1, 2, 3, 4, -5, 0.5F}), false, three) == expected);
    REQUIRE(from_block(block<double>({1, 2, 3, 4, -5, 0.5}), true, three) == expected);
}

TEST_CASE("a block that is no sweep of the setup is refused") {
    REQUIRE_THROWS_WITH(from_block(block<float>({1, 2, 3, 4}), false, three),
                        "2 points came of a sweep of 3");
    REQUIRE_THROWS_WITH(from_block(block<float>({1, 2, 3}), false, three),
                        "a block of 12 bytes is no sequence of pairs");
    const float none = std::numeric_limits<float>::quiet_NaN();
    REQUIRE_THROWS_WITH(from_block(block<float>({1, 2, 3, none, 5, 6}), false, three),
                        "point 2 of a sweep is no number");
}

TEST_CASE("tuples hold the frequency, too, which has to be the setup's") {
    const SweepValues expected{{1, 2}, {3, 4}, {-5, 0.5F}};
    REQUIRE(from_tuples("[1e+9,1,2],[1.5e+09,3,4],[2.00000e+9,-5,0.5]\r\n", three) == expected);
    const auto [text, message] = GENERATE(table<std::string, std::string>({
        {"", "0 points came of a sweep of 3"},
        {"[1e9,1,2]", "1 points came of a sweep of 3"},
        {"[1e9,1,2],[1.6e9,3,4],[2e9,5,6]",
         "point 2 of a sweep is at 1.6e+09 Hz instead of 1.5e+09"},
        {"[1e9,1,2],[1.5e9,3", "is no sequence of"},
        {"[1e9,1,2]x", "is no sequence of"},
        {"ERROR", "is no sequence of"},
    }));
    CAPTURE(text);
    REQUIRE_THROWS_WITH(from_tuples(text, three), Catch::Contains(message));
    try {
        static_cast<void>(from_tuples(text, three));
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::data_loss);
    }
}
