#include "daemon/runs/sentinels/drift_test.hpp"

#include "drivers/core/error.hpp"
#include "tests/unit/sentinels/simulated_sentinels.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <limits>
#include <utility>

using namespace phyll;
using namespace phyll::runs::sentinels;

namespace {

constexpr double no_noise = std::numeric_limits<double>::infinity();

/// The round with every output moved by so many of its standard deviations.
OwnedBlock moved(ConstBlock round, const EraStart& start, double by) {
    OwnedBlock out(round.channels(), round.samples());
    std::ranges::copy(round.values(), out.view().values().begin());
    for (std::size_t s = 0; s < round.samples(); ++s) {
        for (std::size_t k = 0; k < start.outputs.size(); ++k) {
            out.sample(s)[start.outputs[k]] += static_cast<float>(by * start.scale[k]);
        }
    }
    return out;
}

EraStart start_of(ConstBlock round) {
    std::vector<OwnedBlock> rounds(2, moved(round, {}, 0));
    return EraStart::of(rounds);
}

DriftTest begun(SimulatedSentinels& sentinels, std::size_t n_out,
                const DriftOptions& options = {}) {
    DriftTest test(options, n_out);
    for (std::size_t i = 0; i < options.baseline; ++i) {
        REQUIRE_FALSE(test.has_baseline());
        test.add_baseline(sentinels.measure(i));
    }
    REQUIRE(test.has_baseline());
    return test;
}

} // namespace

TEST_CASE(
    "without noise, whatever is above the tolerance ends the era at once, and nothing below") {
    for (const std::size_t n_out : {1U, 5U, 676U}) {
        CAPTURE(n_out);
        SimulatedSentinels sentinels({.n_out = n_out, .snr_db = no_noise}, 1);
        DriftTest test = begun(sentinels, n_out);
        REQUIRE(test.noise() < 1e-12);
        const EraStart start = start_of(sentinels.measure(0));
        for (int i = 0; i < 100; ++i) {
            const OwnedBlock round = moved(sentinels.measure(0), start, 0.0198);
            REQUIRE_FALSE(test.add_round(round.view()).ended);
        }
        const Verdict verdict = test.add_round(moved(sentinels.measure(0), start, 0.0202).view());
        REQUIRE(verdict.ended);
        REQUIRE(verdict.moved == Approx(0.0202).epsilon(0.01));
    }
}

TEST_CASE("the tolerance is that of the options") {
    SimulatedSentinels sentinels({.n_out = 5, .snr_db = no_noise}, 1);
    const EraStart start = start_of(sentinels.measure(0));
    for (const double tolerance : {0.002, 0.5}) {
        DriftTest test = begun(sentinels, 5, {.tolerance = tolerance});
        REQUIRE_FALSE(
            test.add_round(moved(sentinels.measure(0), start, 0.99 * tolerance).view()).ended);
        REQUIRE(test.add_round(moved(sentinels.measure(0), start, 1.01 * tolerance).view()).ended);
    }
}

TEST_CASE("the same rounds have the same verdicts") {
    SimulatedSentinels sentinels({.n_out = 7, .snr_db = 15}, 4);
    DriftTest first = begun(sentinels, 7);
    DriftTest again = begun(sentinels, 7);
    for (std::size_t i = 0; i < 200; ++i) {
        const double displaced = static_cast<double>(i) / 1000;
        const Verdict one = first.add_round(sentinels.measure(10 + i, displaced));
        const Verdict other = again.add_round(sentinels.measure(10 + i, displaced));
        REQUIRE(one.ended == other.ended);
        REQUIRE(one.moved == other.moved);
    }
}

TEST_CASE("a perturbation of 0.05 is noticed, and how large it is") {
    struct Expected {
        SimulatedRig rig;
        std::size_t rounds;
    };
    for (const Expected& expected :
         {Expected{{.n_out = 1, .snr_db = 30}, 2}, Expected{{.n_out = 16, .snr_db = 30}, 1},
          Expected{{.n_out = 16, .snr_db = 30, .uneven = true}, 1},
          Expected{{.n_out = 16, .snr_db = 10}, 8}, Expected{{.n_out = 676, .snr_db = 10}, 1}}) {
        CAPTURE(expected.rig.n_out, expected.rig.snr_db);
        for (std::uint64_t seed = 0; seed < 10; ++seed) {
            const auto rounds = delay(expected.rig, {}, seed, 100, expected.rounds,
                                      [](std::size_t) { return displaced_by_0_05; });
            REQUIRE(rounds.has_value());
        }
    }
    SimulatedSentinels sentinels({.n_out = 40, .snr_db = 30}, 2);
    DriftTest test = begun(sentinels, 40);
    const Verdict verdict = test.add_round(sentinels.measure(100, displaced_by_0_05));
    REQUIRE(verdict.ended);
    REQUIRE(verdict.moved == Approx(0.316).epsilon(0.2));
    REQUIRE(test.noise() == Approx(0.0316).epsilon(0.3)); // scales are those of 8 sentinels
}

TEST_CASE("a drift that reaches 0.05 in a day is noticed within hours") {
    constexpr std::size_t a_day = 432;
    const auto displaced = [](std::size_t round) {
        return displaced_by_0_05 * static_cast<double>(round) / static_cast<double>(a_day);
    };
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
        REQUIRE(delay({.n_out = 16, .snr_db = 30}, {}, seed, 0, a_day / 6, displaced).has_value());
        REQUIRE(delay({.n_out = 16, .snr_db = 10}, {}, seed, 0, a_day, displaced).has_value());
    }
}

TEST_CASE("where no output tells the sentinels apart, no round ends an era") {
    OwnedBlock round(3, 8);
    std::ranges::fill(round.view().values(), 2.0F);
    DriftTest test({}, 3);
    for (int i = 0; i < 4; ++i) {
        test.add_baseline(std::as_const(round).view());
    }
    REQUIRE(test.outputs() == 0);
    std::ranges::fill(round.view().values(), 9.0F);
    const Verdict verdict = test.add_round(std::as_const(round).view());
    REQUIRE_FALSE(verdict.ended);
    REQUIRE(verdict.moved == 0.0);
}

TEST_CASE("what is not a round, or out of turn, is refused by name") {
    SimulatedSentinels sentinels({.n_out = 3}, 1);
    DriftTest test({}, 3);
    REQUIRE_THROWS_WITH(test.add_round(sentinels.measure(0)),
                        "the era's start has 0 of its 4 rounds");
    const OwnedBlock wrong(3, 7);
    REQUIRE_THROWS_WITH(test.add_baseline(wrong.view()),
                        "round: 3 x 7 values; valid is 3 outputs x 8 sentinels");
    for (std::size_t i = 0; i < 4; ++i) {
        test.add_baseline(sentinels.measure(i));
    }
    REQUIRE_THROWS_WITH(test.add_baseline(sentinels.measure(4)),
                        "the era's start has its 4 rounds already");
    REQUIRE_THROWS_WITH(test.add_round(wrong.view()),
                        "round: 3 x 7 values; valid is 3 outputs x 8 sentinels");
    REQUIRE_THROWS_WITH(DriftTest({.count = 1}, 3), "sentinels.count: 1; valid is at least 2");
    REQUIRE_THROWS_WITH(DriftTest({.baseline = 1}, 3),
                        "sentinels.baseline: 1; valid is at least 2");
    REQUIRE_THROWS_WITH(DriftTest({.tolerance = 0}, 3), "sentinels.tolerance: 0; valid is above 0");
    REQUIRE_THROWS_WITH(DriftTest({}, 0), "n_out: 0; valid is at least 1");
}
