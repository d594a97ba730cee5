// Rigs that are not known to be safe, from the start of the daemon on or since their driver was
// given up.

#include "daemon/rig/make_safe.hpp"
#include "tests/support/await.hpp"
#include "tests/unit/rig/fake_made_rig.hpp"
#include "tests/unit/rig/lab_bench.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

using namespace phyll;
using rig::Lab;
using rig::RigThread;
using test::LabBench;
using test::PostedTasks;
using test::ScriptedLayer;

namespace {

/// Of rigs that are never given up, however far a test moves the clock.
constexpr rig::RigPatience endless{.query_timeout = Seconds(1e9), .grace = Seconds(1e6)};

/// A rig is tried again after a pause that long, and its lab hears of it.
void let_try(ManualClock& clock, PostedTasks& loop, Seconds pause) {
    while (!loop.any()) { // the pause may not have begun yet
        clock.advance(pause);
        std::this_thread::yield();
    }
    loop.run_one();
}

/// A lab with one rig of an instrument, "bench".
struct InstrumentBench {
    explicit InstrumentBench(ManualClock& c, bool there = true) : clock(c), lab(c, loop.post()) {
        script->bench->there = there;
        lab.add(std::make_unique<RigThread>(
            "bench", [s = script, &c] { return test::made_fake_rig(s, c); }, c, 0, endless));
        lab.set_hooks(
            {.wake_at = {},
             .keep_blocks = [this](const std::string&, const auto& blocks) { kept = blocks; },
             .acknowledged = {}});
    }
    void let_try(Seconds pause) { ::let_try(clock, loop, pause); }

    ManualClock& clock;
    std::shared_ptr<test::FakeRigScript> script = std::make_shared<test::FakeRigScript>();
    PostedTasks loop;
    Lab lab;
    std::vector<rig::RigBlock> kept;
};

/// A driver that heeds nothing until the test lets it go.
struct Stuck {
    std::atomic<bool> begun = false;
    std::binary_semaphore let_go{0};
};

} // namespace

TEST_CASE("a rig that is not known to be safe at the start is handed to nobody either") {
    ManualClock clock;
    PostedTasks loop;
    const auto script = std::make_shared<test::Script>();
    script->safe = {.state = SafeState::State::unknown, .reason = "no answer"};
    Lab lab(clock, loop.post());
    lab.add(std::make_unique<RigThread>(
        "r", [&] { return std::make_unique<ScriptedLayer>(script); }, clock, 0, endless));
    std::vector<rig::RigBlock> kept;
    lab.set_hooks({.wake_at = {},
                   .keep_blocks = [&](const std::string&, const auto& blocks) { kept = blocks; },
                   .acknowledged = {}});
    lab.begin(rig::second_look);
    REQUIRE(kept.size() == 1);
    REQUIRE(rig::in_words(kept[0]) == "not known to be safe: no answer");
    REQUIRE_THROWS_WITH(lab.take({.rigs = {"r"}, .holder = "anna"}, {}),
                        Catch::Contains("r is not known to be safe: no answer"));
    // It is tried again, and then is safe; but nobody has looked.
    script->safe = {};
    let_try(clock, loop, Seconds(2));
    REQUIRE_FALSE(lab.leases().settling("r"));
    REQUIRE(lab.leases().blocks("r").size() == 1);
    lab.acknowledge("r");
    REQUIRE(kept.empty());
    REQUIRE_NOTHROW(lab.take({.rigs = {"r"}, .holder = "anna"}, {}));
}

TEST_CASE("a rig of instruments is handed on once it is safe at the second look of the start") {
    ManualClock clock;
    InstrumentBench bench(clock);
    bench.lab.begin(rig::second_look);
    const rig::LeaseId anna = bench.lab.take({.rigs = {"bench"}, .holder = "anna"}, {});
    REQUIRE(bench.lab.leases().view(anna).waiting);
    const int before = bench.script->bench->made_safe;
    bench.let_try(rig::second_look);
    REQUIRE(bench.script->bench->made_safe == before + 1);
    REQUIRE(bench.lab.holder("bench") == "anna");
    REQUIRE(bench.lab.leases().blocks("bench").empty());
}

TEST_CASE("the second look of the start counts for a rig that was tagged out before it, too") {
    ManualClock clock;
    InstrumentBench bench(clock);
    bench.lab.restore_blocks("bench", {{.kind = rig::BlockKind::disabled, .note = "fibre open"}});
    bench.lab.begin(rig::second_look);
    REQUIRE(bench.lab.leases().settling("bench")); // although it was safe when it was added
    bench.script->bench->there = false;
    bench.let_try(rig::second_look);
    REQUIRE(bench.lab.leases().blocks("bench").size() == 2);
    bench.lab.enable("bench");
    REQUIRE_THROWS_WITH(bench.lab.take({.rigs = {"bench"}, .holder = "anna"}, {}),
                        Catch::Contains("bench is not known to be safe"));
}

TEST_CASE("an instrument that is switched on after the start gives its rig free") {
    ManualClock clock;
    const bool refuses = GENERATE(false, true);
    InstrumentBench bench(clock, false);
    bench.lab.begin(rig::second_look);
    bench.let_try(rig::second_look);
    REQUIRE(bench.lab.leases().blocks("bench").size() == 1);
    REQUIRE(rig::in_words(bench.lab.leases().blocks("bench")[0]) ==
            "not known to be safe: awg: nobody answers");
    REQUIRE(bench.kept.empty());
    bench.lab.wait_for({.rigs = {"bench"}, .holder = "anna"}, {});
    REQUIRE(bench.lab.holder("bench").empty());

    bench.script->bench->there = true;
    bench.script->bench->stays_on = refuses; // there, and driving: somebody has to look
    bench.let_try(Seconds(2));
    REQUIRE(bench.lab.holder("bench") == (refuses ? "" : "anna"));
    REQUIRE(bench.lab.leases().blocks("bench").size() == (refuses ? 1 : 0));
    REQUIRE(bench.kept.size() == (refuses ? 1 : 0));
    if (refuses) {
        bench.script->bench->stays_on = false;
        bench.let_try(Seconds(2));
        REQUIRE(bench.lab.holder("bench").empty());
        bench.lab.acknowledge("bench");
        REQUIRE(bench.lab.holder("bench") == "anna");
    }
}

TEST_CASE("a block of before a restart is lifted by nobody but a person") {
    ManualClock clock;
    InstrumentBench bench(clock, false);
    bench.lab.restore_blocks(
        "bench", {{.kind = rig::BlockKind::not_safe, .note = "no answer", .by = "", .since = 1.0}});
    bench.lab.begin(rig::second_look);
    bench.let_try(rig::second_look);
    bench.script->bench->there = true;
    bench.let_try(Seconds(2));
    REQUIRE_FALSE(bench.lab.leases().settling("bench"));
    REQUIRE(bench.lab.leases().blocks("bench").size() == 1);
    bench.lab.acknowledge("bench");
    REQUIRE(bench.lab.leases().blocks("bench").empty());
}

TEST_CASE("an emergency stop of a rig whose driver is given up answers, and says what is known") {
    ManualClock clock;
    LabBench bench(clock);
    const auto stuck = std::make_shared<Stuck>();
    bench.script->answer = [stuck](ConstBlock, Block, const QueryContext&) {
        stuck->begun = true;
        stuck->begun.notify_all();
        stuck->let_go.acquire();
    };
    std::vector<rig::RigBlock> kept;
    bench.lab.set_hooks({.wake_at = {},
                         .keep_blocks = [&](const std::string&, const auto& b) { kept = b; },
                         .acknowledged = {}});
    bench.wait_for("anna");
    bench.run(1);
    const auto measurement = std::make_shared<rig::Measurement>();
    measurement->stimuli = OwnedBlock(2, 1);
    bench.lab.rig("r").measure(measurement, [] {});
    stuck->begun.wait(false);

    std::optional<rig::RigStatus> told;
    const auto stop = [&] {
        bench.lab.stop({"r"}, "cleo", "smoke", [&] { told = bench.lab.rig("r").status(); });
    };
    const bool given_up_before = GENERATE(true, false);
    if (given_up_before) {
        clock.advance(Seconds(70));
        test::await([&] { return bench.lab.rig("r").given_up(); });
        stop();
    } else {
        stop();
        REQUIRE_FALSE(bench.lab.rig("r").given_up());
        clock.advance(Seconds(5)); // the grace after which a query that was told to stop is late
    }
    while (!told || kept.size() < 2) {
        bench.loop.run_one();
    }
    CHECK(bench.events ==
          std::vector<std::string>{"anna has it", "anna: r is stopped by cleo: smoke"});
    CHECK(bench.lab.rig("r").given_up());
    CHECK(told->driven);
    CHECK(told->safe_state.state == SafeState::State::unknown);
    CHECK_THAT(told->safe_state.reason,
               Catch::StartsWith("its driver did not return from a query within "));
    CHECK(rig::in_words(kept[0]) == "stopped by cleo: smoke");
    CHECK(rig::in_words(kept[1]) == "not known to be safe: " + told->safe_state.reason);
    // Once more, of a rig that is stopped and lost already.
    told.reset();
    stop();
    while (!told) {
        bench.loop.run_one();
    }
    CHECK(told->safe_state.state == SafeState::State::unknown);
    stuck->let_go.release();
    test::await([&] { return bench.script->gone.load(); });
}
