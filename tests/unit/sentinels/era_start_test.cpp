#include "daemon/runs/sentinels/era_start.hpp"

#include "drivers/core/random.hpp"

#include <catch2/catch.hpp>

#include <cmath>

using namespace phyll;
using namespace phyll::runs::sentinels;

namespace {

/// Four rounds of three sentinels: what `value` says of round, sentinel and output.
template <class Value>
std::vector<OwnedBlock> rounds_of(std::size_t n_out, const Value& value) {
    std::vector<OwnedBlock> rounds;
    for (std::size_t r = 0; r < 4; ++r) {
        OwnedBlock& round = rounds.emplace_back(n_out, 3);
        for (std::size_t s = 0; s < 3; ++s) {
            for (std::size_t k = 0; k < n_out; ++k) {
                round.sample(s)[k] = value(r, s, k);
            }
        }
    }
    return rounds;
}

} // namespace

TEST_CASE("an output's scale is the standard deviation of its means over the sentinels") {
    const std::vector<OwnedBlock> rounds =
        rounds_of(2, [](std::size_t r, std::size_t s, std::size_t k) {
            const float repeat = r % 2 == 0 ? 0.5F : -0.5F;
            return static_cast<float>(k + 1) * (10 + 4 * static_cast<float>(s) + repeat);
        });
    const EraStart start = EraStart::of(rounds);
    REQUIRE(start.outputs == std::vector<std::size_t>{0, 1});
    REQUIRE(start.scale[0] == Approx(4.0)); // of 10, 14, 18
    REQUIRE(start.scale[1] == Approx(8.0));
    std::vector<double> scaled(start.size(3));
    start.scaled(rounds[0].view(), scaled);
    REQUIRE(scaled[0] == Approx(10.5 / 4));
    REQUIRE(scaled[5] == Approx(37.0 / 8));
}

TEST_CASE("an output that does not vary is left out, whether or not it has noise") {
    const KeyedRandom random(3, "noise");
    const std::vector<OwnedBlock> rounds =
        rounds_of(4, [&](std::size_t r, std::size_t s, std::size_t k) {
            const auto noise = static_cast<float>(random.normal(r, 3 * s + k));
            switch (k) {
            case 0:
                return 7.0F; // constant
            case 1:
                return 1.0F + (s == 0 ? 1e-7F : 0.0F); // constant, but for how floats are rounded
            case 2:
                return 5.0F + noise; // nothing but noise
            default:
                return 5.0F + 10 * static_cast<float>(s) + noise;
            }
        });
    REQUIRE(EraStart::of(rounds).outputs == std::vector<std::size_t>{3});
}
