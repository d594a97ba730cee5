// Runs that are paused: at any query, in controls, on rigs that fail or move. They go on to what
// they learn undisturbed, and measure nothing twice.

#include "tests/unit/runs/attempts.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

using namespace phyll;
using namespace phyll::runs;
using Catch::Matchers::Contains;
using test::Attempts;
using Kind = sim::FaultPlan::Kind;

namespace {

const std::string greedy = "schedule = \"greedy\"\n";
const std::string simultaneous = "schedule = \"simultaneous\"\n";
const std::string looks = "[sentinels]\nevery = 60\n";

struct Whole {
    Attempts::Learned learned;
    std::uint64_t queries = 0;
};

/// From so many queries on, counted over all attempts, the rig is another one.
std::uint64_t moves_at(const std::string& tables) {
    return tables.empty() ? UINT64_MAX : 12;
}

Whole undisturbed(const std::string& more, const std::string& tables = "") {
    Attempts bench(more, tables);
    bench.on_query = [&](ConstBlock) {
        bench.moved = bench.queries >= moves_at(tables) ? 0.3F : 0.0F;
    };
    const std::uint64_t run = bench.submit();
    REQUIRE_FALSE(bench.attempt(run));
    return {bench.learned(run), bench.queries};
}

/// One attempt, paused at its query `at`; whether that ended it.
bool paused_at(Attempts& bench, std::uint64_t run, std::uint64_t at) {
    const auto ended = bench.attempt(run);
    REQUIRE(bench.safe);
    if (!ended) {
        return false;
    }
    CAPTURE(ended->what());
    REQUIRE(ended->code() == Code::cancelled);
    REQUIRE(bench.queries == at); // that one was finished, and no more was asked
    bench.store.pause(run, "paused by anna", false, 2);
    return true;
}

} // namespace

TEST_CASE("a run that is paused at random, again and again, learns what it learns undisturbed") {
    const std::string schedule =
        GENERATE(as<std::string>(), greedy, simultaneous, simultaneous + "repeats = 2\n",
                 simultaneous + "reuse = \"run\"\n");
    const std::string tables = GENERATE(as<std::string>(), "", looks);
    const Whole whole = undisturbed(schedule, tables);
    for (std::uint32_t seed = 1; seed <= 3; ++seed) {
        CAPTURE(schedule, tables, seed);
        std::mt19937 random(seed);
        Attempts bench(schedule, tables);
        const std::uint64_t run = bench.submit();
        std::uint64_t asked = 0;
        std::uint64_t at = 0;
        int pauses = 0;
        bench.on_query = [&](ConstBlock) {
            bench.moved = asked + bench.queries >= moves_at(tables) ? 0.3F : 0.0F;
            if (bench.queries == at) {
                bench.pause.request_stop();
            }
        };
        for (bool more = true; more; asked += bench.queries) {
            at = 1 + random() % 9;
            more = paused_at(bench, run, at);
            pauses += more ? 1 : 0;
        }
        REQUIRE(bench.learned(run) == whole.learned);
        REQUIRE(asked == whole.queries);
        REQUIRE(pauses > 1);
        REQUIRE(bench.store.run(run)->info.interruptions() == 0);
    }
}

TEST_CASE("a pause in the middle of a step keeps what was learned before it") {
    Attempts bench(simultaneous);
    bench.spec.mutable_checkpoints()->set_epochs(0);
    bench.spec.mutable_checkpoints()->set_seconds(0);
    const std::uint64_t run = bench.submit();
    bench.on_query = [&](ConstBlock) {
        if (bench.queries == 9) {
            bench.pause.request_stop();
        }
    };
    REQUIRE(paused_at(bench, run, 9));
    const auto kept = bench.store.checkpoints(run);
    REQUIRE(kept.size() == 1);
    REQUIRE(kept[0].step > 2);
    // Paused again before anything else was learned: it is the same checkpoint still.
    bench.on_query = [&](ConstBlock) { bench.pause.request_stop(); };
    REQUIRE(paused_at(bench, run, 1));
    REQUIRE(bench.store.checkpoints(run).size() <= 2);
    REQUIRE(bench.store.checkpoints(run)[0].step >= kept[0].step);
    bench.on_query = nullptr;
    REQUIRE_FALSE(bench.attempt(run));
    REQUIRE(bench.learned(run) == undisturbed(simultaneous).learned);
    const auto notices = bench.notices(run);
    REQUIRE(std::ranges::any_of(notices, [](const std::string& text) {
        return text.find("from its checkpoint") != std::string::npos;
    }));
}

TEST_CASE("a pause does not leave a rig that is being recovered, and comes after that") {
    Attempts bench(simultaneous);
    const std::uint64_t run = bench.submit();
    bench.on_query = [&](ConstBlock) {
        if (bench.queries == 4) {
            bench.pause.request_stop();
        }
    };
    REQUIRE(bench.attempt(run, {{Kind::not_finite, 3, 3}}));
    REQUIRE(bench.store.run(run)->info.state() == v1::RUNNING); // not held
    REQUIRE(bench.store.run(run)->info.holds() == 1);
    bench.store.pause(run, "paused by anna", false, 2);
    bench.on_query = nullptr;
    REQUIRE_FALSE(bench.attempt(run));
    REQUIRE(bench.learned(run) == undisturbed(simultaneous).learned);
}

TEST_CASE("a pause ends controls that only compute, and they are made again") {
    Attempts quiet(greedy);
    REQUIRE_FALSE(quiet.attempt(quiet.submit()));
    Attempts bench(greedy);
    const std::uint64_t run = bench.submit();
    bench.on_progress = [&](const v1::Progress& progress) {
        if (progress.stage().starts_with("control random")) {
            bench.pause.request_stop();
        }
    };
    const auto paused = bench.attempt(run);
    REQUIRE(paused);
    REQUIRE(paused->code() == Code::cancelled);
    bench.store.pause(run, "paused by anna", false, 2);
    bench.on_progress = nullptr;
    REQUIRE_FALSE(bench.attempt(run));
    REQUIRE(bench.queries == 0);
    REQUIRE(bench.learned(run) == quiet.learned(1));
    REQUIRE(bench.result.controls_size() == quiet.result.controls_size());
    for (int i = 0; i < bench.result.controls_size(); ++i) {
        REQUIRE(bench.result.controls(i).test_accuracy() ==
                quiet.result.controls(i).test_accuracy());
    }
}

TEST_CASE("a replay is paused between its steps") {
    Attempts bench(simultaneous);
    const std::uint64_t run = bench.submit();
    REQUIRE_FALSE(bench.attempt(run));
    bench.replay_of = run;
    const std::uint64_t again = bench.submit();
    bench.on_progress = [&](const v1::Progress&) { bench.pause.request_stop(); };
    const auto paused = bench.attempt(again);
    REQUIRE(paused);
    REQUIRE(paused->code() == Code::cancelled);
    bench.store.pause(again, "paused by anna", false, 2);
    bench.on_progress = nullptr;
    REQUIRE_FALSE(bench.attempt(again));
    REQUIRE(bench.learned(again) == bench.learned(run));
}

TEST_CASE("a lease that is over while the rig's settings are looked at ends no era") {
    Attempts quiet(simultaneous, looks);
    REQUIRE_FALSE(quiet.attempt(quiet.submit()));
    Attempts bench(simultaneous, looks);
    const std::uint64_t run = bench.submit();
    int looked = 0;
    bench.on_look = [&] {
        if (++looked == 2) {
            bench.over.request_stop();
        }
    };
    const auto ended = bench.attempt(run);
    REQUIRE(ended);
    REQUIRE(ended->code() == Code::cancelled);
    bench.interrupt(run);
    bench.on_look = nullptr;
    REQUIRE_FALSE(bench.attempt(run));
    REQUIRE(bench.result.eras_size() == 0);
    REQUIRE(bench.learned(run) == quiet.learned(1));
}
