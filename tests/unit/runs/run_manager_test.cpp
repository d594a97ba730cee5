// Runs as people hold them up, with real rigs' threads and the real store.

#include "daemon/runs/run_state.hpp"
#include "tests/unit/runs/run_bench.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace phyll;
using namespace phyll::runs;
using Catch::Matchers::Contains;
using test::RunBench;

namespace {

std::string weights(RunBench& bench, std::uint64_t run) {
    bench.until_over(run);
    REQUIRE(bench.state(run) == v1::SUCCEEDED);
    return bench.info(run).result().weights_sha256();
}

/// Of an undisturbed run.
std::string expected(const std::vector<std::string>& rigs, std::uint64_t seed) {
    RunBench bench;
    return weights(bench, bench.submit(rigs, seed));
}

/// Runs on a rig wait at its query `at` until the test lets them go on.
class Gate {
  public:
    Gate(RunBench& bench, std::uint64_t at, const std::string& gated = "a") : bench_(bench) {
        bench.on_query = [this, at, gated](const std::string& rig) {
            if (rig == gated && ++asked_ == at) {
                reached_ = true;
                open_.wait(false);
            }
        };
    }
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;
    ~Gate() { open(); }

    void wait() {
        while (!reached_) {
            bench_.loop.run_ready();
        }
    }
    void open() {
        open_ = true;
        open_.notify_all();
    }

  private:
    RunBench& bench_;
    std::atomic<std::uint64_t> asked_ = 0;
    std::atomic<bool> reached_ = false;
    std::atomic<bool> open_ = false;
};

} // namespace

TEST_CASE("a run that is paused keeps its rig, which is safe, and goes on at once when resumed") {
    const std::string undisturbed = expected({"a"}, 1);
    RunBench bench;
    Gate gate(bench, 3);
    const std::uint64_t run = bench.submit({"a"}, 1);
    const std::uint64_t next = bench.submit({"a"}, 2);
    gate.wait();
    std::string answer = "none yet";
    bench.runs->pause(run, false, "anna",
                      [&](const auto& refusal) { answer = refusal ? refusal->what() : ""; });
    const std::uint64_t before = bench.queries;
    gate.open();
    bench.until([&] { return answer != "none yet"; });
    REQUIRE(answer.empty());
    REQUIRE(bench.queries == before); // the block under way was the last
    REQUIRE(bench.state(run) == v1::PAUSED);
    REQUIRE_THAT(bench.info(run).reason(), Contains("paused by anna"));
    REQUIRE_FALSE(bench.lab.rig("a").status().driven);
    REQUIRE(bench.lab.holder("a") == "run 1");
    REQUIRE(bench.pause(run).empty()); // once more changes nothing
    REQUIRE(bench.state(next) == v1::QUEUED);
    // What it has cost is still told.
    REQUIRE_FALSE(bench.runs->progress(next));
    REQUIRE(bench.runs->progress(run).value().so_far().training_queries() > 0);
    bench.runs->resume(run);
    REQUIRE(bench.state(run) == v1::RUNNING);
    REQUIRE(weights(bench, run) == undisturbed);
    REQUIRE_FALSE(bench.runs->progress(run)); // it is over
    REQUIRE(bench.info(run).interruptions() == 0);
    REQUIRE(weights(bench, next) == expected({"a"}, 2));
}

TEST_CASE("a run that is paused and gives up its rig gets in line for it again") {
    const std::string undisturbed = expected({"a"}, 1);
    RunBench bench;
    Gate gate(bench, 3);
    const std::uint64_t run = bench.submit({"a"}, 1);
    const std::uint64_t next = bench.submit({"a"}, 2);
    gate.wait();
    const bool at_once = GENERATE(true, false);
    gate.open();
    REQUIRE(bench.pause(run, at_once).empty());
    if (!at_once) {
        REQUIRE_FALSE(bench.info(run).released());
        REQUIRE(bench.pause(run, true).empty());
    }
    REQUIRE(bench.info(run).released());
    REQUIRE(weights(bench, next) == expected({"a"}, 2));
    bench.runs->resume(run);
    REQUIRE(bench.state(run) == v1::QUEUED);
    REQUIRE(weights(bench, run) == undisturbed);
}

TEST_CASE("a paused run survives a restart, and has its rig before whoever waits") {
    const std::string undisturbed = expected({"a"}, 1);
    RunBench bench;
    Gate gate(bench, 3);
    const std::uint64_t run = bench.submit({"a"}, 1);
    gate.wait();
    gate.open();
    REQUIRE(bench.pause(run).empty());
    const std::uint64_t next = bench.submit({"a"}, 2, 1000);
    bench.restart();
    bench.until([&] { return bench.lab.holder("a") == "run 1"; });
    REQUIRE(bench.state(run) == v1::PAUSED);
    REQUIRE(bench.state(next) == v1::QUEUED);
    SECTION("it is resumed") {
        bench.runs->resume(run);
        REQUIRE(weights(bench, run) == undisturbed);
    }
    SECTION("it is cancelled") {
        bench.runs->cancel(run);
        REQUIRE(bench.state(run) == v1::RUN_CANCELLED);
    }
    SECTION("its rig may not be driven any more") {
        bench.stop_rig("a");
        bench.until([&] { return bench.info(run).released(); });
        bench.restart();
        REQUIRE(bench.state(run) == v1::PAUSED);
        bench.lab.acknowledge("a");
    }
    REQUIRE(weights(bench, next) == expected({"a"}, 2));
}

TEST_CASE("after an emergency stop a run goes on by itself at its place, once it is acknowledged") {
    const std::string undisturbed = expected({"a", "b"}, 1);
    RunBench bench;
    Gate gate(bench, 3);
    const std::uint64_t run = bench.submit({"a", "b"}, 1);
    const std::uint64_t next = bench.submit({"a"}, 2);
    gate.wait();
    bench.stop_rig("a");
    gate.open();
    bench.until(run, v1::HELD);
    REQUIRE(bench.info(run).waits());
    REQUIRE_THAT(bench.info(run).reason(),
                 Contains("emergency stop: a is stopped by cleo: smoke") &&
                     Contains("acknowledge"));
    REQUIRE(bench.lab.holder("b").empty());
    const std::string what = GENERATE(as<std::string>(), "at once", "a restart between");
    if (what != "at once") {
        bench.restart();
        REQUIRE(bench.state(run) == v1::HELD);
    }
    REQUIRE(bench.state(next) == v1::QUEUED);
    bench.lab.acknowledge("a");
    if (what == "at once") {
        REQUIRE(bench.state(run) == v1::QUEUED);
        bench.until(run, v1::RUNNING);
        REQUIRE(bench.state(next) == v1::QUEUED);
    }
    REQUIRE(weights(bench, run) == undisturbed);
    REQUIRE(weights(bench, next) == expected({"a"}, 2));
}

TEST_CASE("a run whose rig is free again before its thread has ended keeps its place") {
    const std::string undisturbed = expected({"a", "b"}, 1);
    RunBench bench;
    Gate gate(bench, 2, "b");
    const std::uint64_t run = bench.submit({"a", "b"}, 1);
    const std::uint64_t next = bench.submit({"a"}, 2);
    gate.wait(); // in a query on "b"; "a" rests
    const bool stopped = GENERATE(true, false);
    if (stopped) {
        bench.stop_rig("a");
    } else {
        bench.lab.disable("a", "cleo", "fibre open", [] {});
    }
    bench.until([&] { return !bench.lab.leases().settling("a"); });
    stopped ? bench.lab.acknowledge("a") : bench.lab.enable("a");
    bench.loop.run_ready();
    CHECK(bench.lab.holder("a").empty());
    CHECK(bench.state(run) == v1::RUNNING); // its thread has not ended
    CHECK(bench.state(next) == v1::QUEUED);
    gate.open();
    CHECK(weights(bench, run) == undisturbed);
    CHECK(bench.state(next) != v1::SUCCEEDED);
    CHECK(weights(bench, next) == expected({"a"}, 2));

    std::vector<v1::RunState> states;
    std::vector<std::uint64_t> began; // runs, in the order in which they came to their rigs
    std::vector<StoredEvent> events = bench.store.events({run, next}, 0, 1000);
    std::ranges::sort(events, {}, [](const StoredEvent& e) { return e.event.number(); });
    for (const StoredEvent& stored : events) {
        if (stored.event.has_state() && stored.run == run) {
            states.push_back(stored.event.state().state());
        }
        if (stored.event.has_state() && stored.event.state().state() == v1::RUNNING) {
            began.push_back(stored.run);
        }
    }
    CHECK(began == std::vector<std::uint64_t>{run, run, next});
    CHECK(states == (stopped ? std::vector<v1::RunState>{v1::QUEUED, v1::RUNNING, v1::HELD,
                                                         v1::QUEUED, v1::RUNNING, v1::SUCCEEDED}
                             : std::vector<v1::RunState>{v1::QUEUED, v1::RUNNING, v1::QUEUED,
                                                         v1::RUNNING, v1::SUCCEEDED}));
}

TEST_CASE("a tagged-out rig sends its run back in line, and a broken lease waits for a person") {
    const std::string undisturbed = expected({"a"}, 1);
    RunBench bench;
    Gate gate(bench, 3);
    const std::uint64_t run = bench.submit({"a"}, 1);
    gate.wait();
    SECTION("disabled") {
        bench.lab.disable("a", "cleo", "fibre open", [] {});
        gate.open();
        bench.until(run, v1::QUEUED);
        REQUIRE_THAT(bench.info(run).reason(), Contains("disabled by cleo: fibre open"));
        bench.lab.enable("a");
    }
    SECTION("broken") {
        static_cast<void>(bench.lab.break_lease("a", "broken by cleo"));
        gate.open();
        bench.until(run, v1::HELD);
        REQUIRE_THAT(bench.info(run).reason(),
                     Contains("broken by cleo") && Contains("phyllctl run resume 1"));
        bench.runs->resume(run);
    }
    REQUIRE(weights(bench, run) == undisturbed);
}

TEST_CASE("a run that a fault holds cannot be paused, and is not paused later") {
    RunBench bench;
    Gate gate(bench, 2);
    const std::uint64_t run = bench.submit({"a"}, 1);
    gate.wait();
    bench.faults["a"] = 1'000'000;
    std::string answer = "none yet";
    const auto pause = [&] {
        bench.runs->pause(run, false, "anna", [&](const std::optional<Error>& refusal) {
            answer = refusal ? refusal->what() : "";
        });
    };
    SECTION("it was asked before the fault") {
        pause();
        gate.open();
        bench.until([&] { return answer != "none yet"; });
    }
    SECTION("it is asked after that") {
        gate.open();
        bench.until(run, v1::HELD);
        bench.loop.run_ready();
        try {
            pause();
        } catch (const Error& error) {
            REQUIRE(error.code() == Code::failed_precondition);
            answer = error.what();
        }
    }
    REQUIRE_THAT(answer, Contains("run 1 is held: rig 'a': the cable is out"));
    bench.faults["a"] = 0;
    REQUIRE(weights(bench, run) == expected({"a"}, 1));
}

TEST_CASE("larger priorities are served first, then whoever came first") {
    RunBench bench;
    Gate gate(bench, 1);
    const std::uint64_t first = bench.submit({"a"}, 1);
    gate.wait();
    const std::uint64_t second = bench.submit({"a"}, 2);
    const std::uint64_t third = bench.submit({"a"}, 3, 5);
    const std::uint64_t fourth = bench.submit({"a"}, 4, -1);
    bench.runs->prioritise(fourth, 7, "anna");
    REQUIRE(bench.info(fourth).priority() == 7);
    gate.open();
    for (const std::uint64_t run : {first, second, third, fourth}) {
        bench.until_over(run);
    }
    std::vector<std::pair<std::uint64_t, std::uint64_t>> starts; // number of the event, run
    for (const StoredEvent& stored : bench.store.events({first, second, third, fourth}, 0, 1000)) {
        if (stored.event.state().state() == v1::RUNNING) {
            starts.emplace_back(stored.event.number(), stored.run);
        }
    }
    std::ranges::sort(starts);
    std::vector<std::uint64_t> order;
    std::ranges::transform(starts, std::back_inserter(order),
                           [](const auto& s) { return s.second; });
    REQUIRE(order == std::vector<std::uint64_t>{first, fourth, third, second});
    REQUIRE_THROWS_WITH(bench.runs->prioritise(first, 1, "anna"), Contains("run 1 is over"));
}

TEST_CASE("a run that is over can be tried again, as a new run of the same run file") {
    RunBench bench;
    const std::uint64_t run = bench.submit({"a"}, 1, 4);
    v1::RetryRequest request;
    request.set_run(run);
    request.set_note("once more");
    request.set_idempotency_key("key");
    REQUIRE_THROWS_WITH(bench.runs->retry(request, "anna"),
                        Contains("only a run that is over can be tried again"));
    const std::string first = weights(bench, run);
    const std::uint64_t again = bench.runs->retry(request, "anna");
    REQUIRE(again != run);
    REQUIRE(bench.runs->retry(request, "anna") == again);
    REQUIRE(bench.info(again).retry_of() == run);
    REQUIRE(bench.info(again).note() == "once more");
    REQUIRE(bench.info(again).priority() == 4);
    REQUIRE(weights(bench, again) == first);
    request.set_run(77);
    REQUIRE_THROWS_WITH(bench.runs->retry(request, "anna"), Contains("there is no run 77"));
}

TEST_CASE("a run without physics waits for a processor, and gives it up when it is paused") {
    RunBench bench;
    const std::uint64_t run = bench.submit({""}, 1, 0, "");
    const std::uint64_t next = bench.submit({""}, 2, 0, "");
    bench.until(run, v1::RUNNING);
    REQUIRE_THAT(bench.runs->get(next).info.reason(), Contains("waits for a processor"));
    std::string answer;
    try {
        answer = bench.pause(run);
    } catch (const Error& error) {
        answer = error.what();
    }
    if (answer.empty()) { // it was not quicker
        bench.until_over(next);
        REQUIRE(bench.state(run) == v1::PAUSED);
        REQUIRE_FALSE(bench.info(run).released());
        bench.runs->resume(run);
    }
    REQUIRE(weights(bench, run) == expected({""}, 1));
}

TEST_CASE("a rig whose lease is over is not touched by the run that had it") {
    RunBench bench;
    bench.faults["a"] = 1'000'000;
    const std::uint64_t run = bench.submit({"a"}, 1);
    bench.until(run, v1::HELD); // and it is recovered again and again
    bench.stop_rig("a");
    bench.until([&] { return bench.info(run).stopped(); });
    const std::uint64_t queries = bench.queries;
    bench.faults["a"] = 0;
    bench.lab.acknowledge("a");
    REQUIRE(bench.queries == queries);
    REQUIRE(weights(bench, run) == expected({"a"}, 1));
}
