#include "drivers/core/random.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <numeric>
#include <set>
#include <vector>

using phyll::KeyedRandom;

TEST_CASE("a draw is a function of key and counter alone") {
    const KeyedRandom a(7, "splits");
    const KeyedRandom again(7, "splits");
    REQUIRE(a.bits(3, 4) == again.bits(3, 4));
    static_cast<void>(again.bits(99, 99));
    REQUIRE(a.bits(3, 4) == again.bits(3, 4));
    REQUIRE(a.bits(3, 4) != a.bits(4, 3));
    REQUIRE(a.bits(3, 4) != KeyedRandom(8, "splits").bits(3, 4));
    REQUIRE(a.bits(3, 4) != KeyedRandom(7, "weights").bits(3, 4));
}

TEST_CASE("the generator is the published one and keys never change") {
    // Philox4x32-10 with key and counter zero: 6627e8d5 e169c58d bc57ac4c 9b00dbd8
    // (known-answer test of the Random123 distribution).
    REQUIRE(KeyedRandom(std::uint64_t{0}).bits(0, 0) == 0xe169c58d6627e8d5U);
}

TEST_CASE("uniform and normal draws have the moments they should") {
    const KeyedRandom random(1, "moments");
    constexpr int n = 200'000;
    double mean = 0;
    double square = 0;
    double uniform = 0;
    for (int i = 0; i < n; ++i) {
        const double z = random.normal(static_cast<std::uint64_t>(i));
        mean += z / n;
        square += z * z / n;
        const double u = random.uniform(static_cast<std::uint64_t>(i), 1);
        REQUIRE(u >= 0.0);
        REQUIRE(u < 1.0);
        uniform += u / n;
    }
    // Five standard errors.
    REQUIRE(std::abs(mean) < 5 / std::sqrt(n));
    REQUIRE(std::abs(square - 1) < 5 * std::sqrt(2.0 / n));
    REQUIRE(std::abs(uniform - 0.5) < 5 * std::sqrt(1.0 / 12 / n));
}

TEST_CASE("below reaches every value and nothing else") {
    const KeyedRandom random(1, "below");
    std::set<std::uint64_t> seen;
    for (std::uint64_t i = 0; i < 1000; ++i) {
        seen.insert(random.below(7, i));
    }
    REQUIRE(seen == std::set<std::uint64_t>{0, 1, 2, 3, 4, 5, 6});
}

TEST_CASE("a shuffle is a permutation fixed by its key and counter") {
    const KeyedRandom random(1, "shuffle");
    std::vector<std::uint32_t> a(100);
    std::iota(a.begin(), a.end(), 0U);
    std::vector<std::uint32_t> b = a;
    std::vector<std::uint32_t> c = a;
    random.shuffle(a, 5);
    random.shuffle(b, 5);
    random.shuffle(c, 6);
    REQUIRE(a == b);
    REQUIRE(a != c);
    REQUIRE(std::set<std::uint32_t>(a.begin(), a.end()).size() == 100);
}
