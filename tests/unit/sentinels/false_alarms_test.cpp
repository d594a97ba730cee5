#include "tests/unit/sentinels/simulated_sentinels.hpp"

#include <catch2/catch.hpp>

using namespace phyll::runs::sentinels;

namespace {

constexpr std::size_t a_day = 4320; ///< rounds: every 1000 samples at 0.02 s

/// The limit by noise alone: with the default tolerance there are fewer alarms.
constexpr DriftOptions noise_alone{.tolerance = 1e-9};

} // namespace

// Thirty days without an alarm: with less than 0.1 a day in 95 % of all cases. The benchmark
// phyll_bench_sentinels has more of them.
TEST_CASE("there are fewer than 0.1 false alarms a day") {
    for (const SimulatedRig& rig :
         {SimulatedRig{.n_out = 1, .snr_db = 30}, SimulatedRig{.n_out = 1, .snr_db = 10},
          SimulatedRig{.n_out = 4, .snr_db = 20, .louder = 3},
          SimulatedRig{.n_out = 8, .snr_db = 10, .uneven = true},
          SimulatedRig{.n_out = 8, .snr_db = 10, .common = 0.5}}) {
        CAPTURE(rig.n_out, rig.snr_db, rig.common, rig.uneven, rig.louder);
        const FalseAlarms found = false_alarms(rig, noise_alone, 30, a_day);
        REQUIRE(found.rounds == 30 * a_day);
        REQUIRE(found.alarms == 0);
    }
}

TEST_CASE("beginnings of eras raise no alarms either") {
    for (const SimulatedRig& rig :
         {SimulatedRig{.n_out = 1, .snr_db = 40}, SimulatedRig{.n_out = 2, .snr_db = 10},
          SimulatedRig{.n_out = 16, .snr_db = 10, .common = 1}}) {
        CAPTURE(rig.n_out, rig.snr_db, rig.common);
        REQUIRE(false_alarms(rig, noise_alone, 1000, 40).alarms <= 3);
    }
}

TEST_CASE("many outputs raise no alarms") {
    REQUIRE(false_alarms({.n_out = 676, .snr_db = 10}, noise_alone, 2, 500).alarms == 0);
}

TEST_CASE("two sentinels, measured twice, do") {
    // What the least options come to: the noise is known from two numbers at first.
    const DriftOptions least{.count = 2, .baseline = 2, .tolerance = 1e-9};
    REQUIRE(false_alarms({.n_out = 1, .snr_db = 20}, least, 1000, 40).alarms < 100);
}
