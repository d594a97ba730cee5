#include "daemon/runs/store.hpp"
#include "drivers/core/error.hpp"
#include "tests/support/paths.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using runs::Store;
using test::TempDir;

namespace {

std::uint64_t add(Store& store, double submitted, const std::vector<std::string>& rigs) {
    v1::RunInfo info;
    info.set_submitted(submitted);
    for (const std::string& rig : rigs) {
        info.add_rigs(rig);
    }
    return store.add_run(info, {}, "");
}

std::vector<std::uint64_t> numbers(const std::vector<v1::RunInfo>& runs) {
    std::vector<std::uint64_t> out;
    for (const v1::RunInfo& info : runs) {
        out.push_back(info.run());
    }
    return out;
}

v1::EpochMetrics epoch(std::uint32_t number) {
    v1::EpochMetrics metrics;
    metrics.set_epoch(number);
    return metrics;
}

using Numbers = std::vector<std::uint64_t>;

} // namespace

TEST_CASE("a list has what the filter lets through, newest first") {
    const TempDir dir;
    Store store(dir.path() / "phylld.db");
    add(store, 100, {"cavity"});
    add(store, 200, {"cavity", "echo"});
    add(store, 300, {"echo"});
    add(store, 400, {});
    store.change_state(2, v1::RUNNING, "", 201);
    store.change_state(3, v1::RUN_CANCELLED, "", 301);
    REQUIRE(store.states() == std::map<v1::RunState, std::uint64_t>{
                                  {v1::QUEUED, 2}, {v1::RUNNING, 1}, {v1::RUN_CANCELLED, 1}});
    v1::ListRunsRequest filter;
    REQUIRE(numbers(store.runs(filter)) == Numbers{4, 3, 2, 1});
    SECTION("rig") {
        filter.set_rig("cavity");
        REQUIRE(numbers(store.runs(filter)) == Numbers{2, 1});
        filter.set_limit(1);
        REQUIRE(numbers(store.runs(filter)) == Numbers{2});
        filter.set_rig("' OR 1 = 1 --");
        REQUIRE(store.runs(filter).empty());
        REQUIRE(store.knows_rig("echo"));
        REQUIRE_FALSE(store.knows_rig("other"));
    }
    SECTION("states") {
        filter.add_states(v1::RUNNING);
        filter.add_states(v1::RUN_CANCELLED);
        REQUIRE(numbers(store.runs(filter)) == Numbers{3, 2});
        filter.set_rig("echo");
        filter.set_since(300);
        REQUIRE(numbers(store.runs(filter)) == Numbers{3});
    }
    SECTION("since and limit") {
        filter.set_since(200);
        REQUIRE(numbers(store.runs(filter)) == Numbers{4, 3, 2});
        filter.set_limit(2);
        REQUIRE(numbers(store.runs(filter)) == Numbers{4, 3});
        filter.set_since(1e12);
        REQUIRE(store.runs(filter).empty());
    }
}

TEST_CASE("what a run is under is kept with its start, and lists leave it out") {
    const TempDir dir;
    Store store(dir.path() / "phylld.db");
    const std::uint64_t run = add(store, 100, {"cavity"});
    v1::Conditions conditions;
    conditions.set_version("1.2.3");
    store.started(run, conditions, 101);
    REQUIRE(store.run(run)->info.conditions().version() == "1.2.3");
    REQUIRE(store.run(run)->info.started() == 101);
    REQUIRE_FALSE(store.runs({})[0].has_conditions());
    conditions.set_version("1.2.4");
    REQUIRE_THROWS_AS(store.started(run, conditions, 102), Error); // it runs
    REQUIRE(store.run(run)->info.conditions().version() == "1.2.3");
    store.interrupted(run, "", 103);
    store.started(run, conditions, 104);
    REQUIRE(store.run(run)->info.conditions().version() == "1.2.4");
}

TEST_CASE("epochs are told page by page") {
    const TempDir dir;
    Store store(dir.path() / "phylld.db");
    const std::uint64_t run = add(store, 100, {});
    store.started(run, {}, 101);
    store.add_epoch(run, epoch(1), 102);
    store.add_notice(run, "in between", 103);
    store.add_epoch(run, epoch(2), 104);
    REQUIRE(store.epochs(run, 0, 10).size() == 2);
    const auto first = store.epochs(run, 0, 1);
    REQUIRE(first.size() == 1);
    const auto second = store.epochs(run, first[0].number(), 10);
    REQUIRE(second.size() == 1);
    REQUIRE(second[0].epoch().epoch() == 2);
    REQUIRE(second[0].time() == 104);

    REQUIRE_THROWS_AS(store.epochs(99, 0, 10), Error);
}

TEST_CASE("runs that are over are removed, all or none, and no number is used again") {
    const TempDir dir;
    const auto file = dir.path() / "phylld.db";
    std::uint64_t last_event = 0;
    {
        Store store(file);
        for (int i = 0; i < 3; ++i) {
            add(store, 100, {"cavity"});
        }
        store.started(3, {}, 101);
        store.add_epoch(3, epoch(1), 102);
        store.change_state(3, v1::FAILED, "", 103);
        store.change_state(2, v1::RUN_CANCELLED, "", 104);
        last_event = store.events(2, 0, 10).back().number();
        REQUIRE_THROWS_WITH(store.remove({1, 3}, {}),
                            "run 1 is queued: only runs that are over can be removed; cancel it "
                            "first");
        REQUIRE_THROWS_WITH(store.remove({3, 99}, {}), "there is no run 99");
        REQUIRE(store.run(3));
        REQUIRE(store.epochs(3, 0, 10).size() == 1);
        store.remove({2, 3}, {});
        REQUIRE(store.events(3, 0, 10).empty());
        REQUIRE(numbers(store.runs({})) == Numbers{1});
        REQUIRE(store.removed() == Numbers{2, 3});
    }
    Store store(file);
    REQUIRE(store.removed() == Numbers{2, 3}); // their folders may still be there
    store.forget_removed(2);
    REQUIRE(store.removed() == Numbers{3});
    REQUIRE(add(store, 200, {}) == 4);
    REQUIRE(store.events(4, 0, 10).front().number() == last_event + 1);
}
