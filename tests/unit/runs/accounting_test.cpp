// What runs say that they have cost: it does not depend on what befell them.

#include "tests/unit/runs/attempts.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace phyll;
using namespace phyll::runs;
using test::Attempts;
using Kind = sim::FaultPlan::Kind;

namespace {

const std::string learn_greedily = "schedule = \"greedy\"\n";
const std::string learn_together = "schedule = \"simultaneous\"\n";

/// A run's layers without what is measured of time, and without what tells how it was interrupted.
std::vector<std::string> counted(const v1::RunResult& result) {
    std::vector<std::string> layers;
    for (v1::LayerCost cost : result.layers()) {
        cost.clear_hardware_seconds();
        cost.clear_digital_seconds();
        cost.clear_wait_seconds();
        cost.clear_recorded();
        layers.push_back(cost.DebugString());
    }
    return layers;
}

v1::RunResult whole_run(const std::string& more) {
    Attempts bench(more);
    bench.busy = Seconds(0.5);
    REQUIRE_FALSE(bench.attempt(bench.submit()));
    return bench.result;
}

} // namespace

TEST_CASE("what a run has cost is the same when it is stopped or paused at any query") {
    const std::string more = GENERATE(as<std::string>(), learn_greedily, learn_together,
                                      learn_together + "repeats = 2\n");
    const bool paused = GENERATE(false, true);
    const v1::RunResult expected = whole_run(more);
    REQUIRE(expected.operations() > 1e6);
    REQUIRE(expected.digital_seconds() > 0.0);
    REQUIRE(expected.hardware_seconds() > 1.0);
    for (std::uint64_t at = 1; at < 40; at += 9) {
        Attempts bench(more);
        bench.busy = Seconds(0.5);
        const std::uint64_t run = bench.submit();
        bench.on_query = [&](ConstBlock) {
            if (bench.queries == at) {
                (paused ? bench.pause : bench.stop).request_stop();
            }
        };
        const bool ended = bench.attempt(run).has_value();
        bench.on_query = nullptr;
        if (ended) {
            bench.interrupt(run);
            REQUIRE_FALSE(bench.attempt(run));
        }
        CAPTURE(more, paused, at);
        REQUIRE(counted(bench.result) == counted(expected));
        REQUIRE(bench.result.operations() == expected.operations());
        REQUIRE(bench.result.training_queries() == expected.training_queries());
        REQUIRE(bench.result.repeat_queries() == expected.repeat_queries());
        // What the journal answered is counted as it was measured.
        REQUIRE(bench.result.hardware_seconds() ==
                Approx(expected.hardware_seconds()).epsilon(1e-3));
        REQUIRE(bench.result.digital_seconds() > 0.0);
        REQUIRE(bench.result.active_seconds() >= bench.result.digital_seconds());
    }
}

TEST_CASE("a run is not under way, and waits for no rig, while a fault holds it") {
    Attempts bench(learn_greedily);
    const Clock::Monotonic begun = bench.clock.now();
    REQUIRE_FALSE(bench.attempt(bench.submit(), {{Kind::fail, 3, 8}}));
    REQUIRE(bench.clock.now() - begun > Seconds(60.0));
    REQUIRE(bench.result.active_seconds() > 0.0);
    REQUIRE(bench.result.active_seconds() < 30.0);
    REQUIRE(bench.result.wait_seconds() > 0.0);
    REQUIRE(bench.result.wait_seconds() < bench.result.active_seconds());
    REQUIRE(bench.result.operations() == whole_run(learn_greedily).operations());
}

TEST_CASE("energy is told where watts are stated, and changes nothing else") {
    Attempts bench(learn_greedily);
    bench.busy = Seconds(0.5);
    const std::uint64_t without = bench.submit();
    REQUIRE_FALSE(bench.attempt(without));
    REQUIRE_FALSE(bench.result.has_hardware_joules());
    REQUIRE_FALSE(bench.result.has_digital_joules());
    bench.power = {.rigs = {{"r", 30.0}}, .digital = 65.0};
    const std::uint64_t with = bench.submit();
    REQUIRE_FALSE(bench.attempt(with));
    REQUIRE(bench.learned(with) == bench.learned(without));
    REQUIRE(bench.result.hardware_joules() == Approx(30.0 * bench.result.hardware_seconds()));
    REQUIRE(bench.result.layers(1).hardware_joules() ==
            Approx(30.0 * bench.result.layers(1).hardware_seconds()));
    REQUIRE(bench.result.digital_joules() == Approx(65.0 * bench.result.digital_seconds()));

    // A replay measures nothing: its rigs draw no power.
    bench.replay_of = with;
    REQUIRE_FALSE(bench.attempt(bench.submit()));
    REQUIRE_FALSE(bench.result.has_hardware_joules());
    REQUIRE_FALSE(bench.result.layers(0).has_hardware_joules());
    REQUIRE(bench.result.has_digital_joules());
}

TEST_CASE("who watches sees what a run has cost so far, also while its controls are measured") {
    Attempts bench(learn_together);
    std::vector<v1::Progress> heard;
    bench.on_progress = [&](const v1::Progress& progress) { heard.push_back(progress); };
    REQUIRE_FALSE(bench.attempt(bench.submit()));
    bool control = false;
    double operations = 0.0;
    for (const v1::Progress& progress : heard) {
        CAPTURE(progress.stage());
        REQUIRE(progress.so_far().layers_size() == 2);
        REQUIRE(progress.so_far().operations() >= operations);
        operations = progress.so_far().operations();
        if (progress.stage().starts_with("control")) {
            control = true;
            REQUIRE(operations == bench.result.operations());
        }
    }
    REQUIRE(control);
}
