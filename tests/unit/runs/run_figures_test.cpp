#include "daemon/runs/run_figures.hpp"
#include "tests/unit/runs/run_bench.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using namespace phyll::runs;
using test::RunBench;

namespace {

v1::RunResult so_far(double active, double wait, double digital) {
    v1::RunResult result;
    result.set_active_seconds(active);
    result.set_wait_seconds(wait);
    result.set_digital_seconds(digital);
    return result;
}

bool is(const RunTimes& times, double active, double wait, double digital) {
    return times.active == active && times.wait == wait && times.digital == digital;
}

} // namespace

TEST_CASE("what runs spend is added up, and what one had spent before is not") {
    SpentTimes times;
    times.note(1, so_far(100, 50, 20)); // it goes on from a checkpoint
    REQUIRE(is(times.spent(), 0, 0, 0));
    times.note(2, so_far(0.5, 0, 0));
    times.note(1, so_far(104, 53, 21));
    times.note(2, so_far(2.5, 1, 1));
    REQUIRE(is(times.spent(), 6, 4, 2));
    SECTION("it goes on from an earlier checkpoint: the time since that is spent once more") {
        times.end(1);
        times.note(1, so_far(102, 51, 20));
        REQUIRE(is(times.spent(), 6, 4, 2));
        times.note(1, so_far(104, 53, 21));
        REQUIRE(is(times.spent(), 8, 6, 3));
    }
    SECTION("of an account that goes back nothing is taken away") {
        times.note(1, so_far(102, 51, 20));
        REQUIRE(is(times.spent(), 6, 4, 2));
    }
    SECTION("a run that says nothing of its time counts as none, as a client's own") {
        times.note(3, so_far(0, 7, 0));
        times.note(3, so_far(0, 9, 0));
        times.note(1, v1::RunResult());
        REQUIRE(is(times.spent(), 6, 4, 2));
    }
}

TEST_CASE("figures of runs are those of the store, of the journals and of the runs themselves") {
    RunBench bench;
    REQUIRE(bench.runs->figures().states.empty());
    const std::uint64_t held_up = bench.submit({"a"}, 1);
    std::uint64_t journal = 0;
    double active = 0.0;
    bench.until([&] {
        const RunFigures figures = bench.runs->figures();
        journal = std::max(journal, figures.journal_bytes);
        active = std::max(active, figures.under_way.active);
        REQUIRE(figures.largest_journal == figures.journal_bytes); // there is one
        return bench.state(held_up) == v1::SUCCEEDED;
    });
    bench.until_over(held_up);
    REQUIRE(journal > 0);
    REQUIRE(active > 0.0);

    const std::uint64_t waiting = bench.submit({"b"}, 2);
    const RunFigures figures = bench.runs->figures();
    REQUIRE(figures.states.at(v1::SUCCEEDED) == 1);
    REQUIRE(figures.spent.active > 0.0);
    const v1::RunResult result = bench.info(held_up).result();
    REQUIRE(figures.spent.active <= result.active_seconds());
    REQUIRE(figures.spent.digital <= result.digital_seconds());
    REQUIRE(figures.spent.digital > 0.0);
    bench.until_over(waiting);
    REQUIRE(bench.runs->figures().states.at(v1::SUCCEEDED) == 2);
    REQUIRE(bench.runs->figures().spent.digital > figures.spent.digital);
    REQUIRE(bench.runs->figures().journal_bytes == 0); // nobody is under way
}

TEST_CASE("whoever looks at a rig learns by how much its sentinels moved when a run last looked") {
    RunBench bench;
    REQUIRE_FALSE(bench.lab.rig("a").sentinels_moved());
    bench.until_over(bench.submit({"a"}, 1, 0, "[sentinels]\nevery = 5\n"));
    REQUIRE(bench.lab.rig("a").sentinels_moved());
    REQUIRE_FALSE(bench.lab.rig("b").sentinels_moved());
}
