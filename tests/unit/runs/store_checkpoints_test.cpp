#include "daemon/runs/store.hpp"
#include "drivers/core/error.hpp"
#include "tests/support/paths.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using runs::CheckpointRecord;
using runs::Store;
using test::TempDir;

namespace {

v1::EpochMetrics epoch(std::uint64_t step) {
    v1::EpochMetrics metrics;
    metrics.set_layer(1);
    metrics.set_step(step);
    metrics.set_loss(1.0 / static_cast<double>(step + 1));
    return metrics;
}

CheckpointRecord record(std::uint64_t step) {
    return {step, "checkpoint-" + std::to_string(step) + ".h5", "abc"};
}

std::uint64_t running(Store& store) {
    const std::uint64_t run = store.add_run({}, {}, "");
    store.started(run, {}, 1);
    return run;
}

} // namespace

TEST_CASE("the latest two checkpoints stay recorded, newest first, and say which files may go") {
    const TempDir dir;
    Store store(dir.path() / "phylld.db");
    const std::uint64_t run = running(store);
    const std::uint64_t other = running(store);
    REQUIRE(store.checkpoints(run).empty());
    REQUIRE(store.add_checkpoint(run, record(3), {}, 2).empty());
    REQUIRE(store.add_checkpoint(run, record(9), {}, 3).empty());
    REQUIRE(store.add_checkpoint(run, record(12), {}, 4) ==
            std::vector<std::string>{"checkpoint-3.h5"});
    REQUIRE(store.checkpoints(run) == std::vector{record(12), record(9)});
    REQUIRE(store.checkpoints(other).empty());
    REQUIRE(store.run(run)->info.checkpoint() == 12);
    // The same step again, after an interruption, takes the old one's place.
    CheckpointRecord again = record(12);
    again.sha256 = "def";
    REQUIRE(store.add_checkpoint(run, again, {}, 5).empty());
    REQUIRE(store.checkpoints(run)[0].sha256 == "def");
}

TEST_CASE("a run that goes back loses what was later, and who watches is told") {
    const TempDir dir;
    Store store(dir.path() / "phylld.db");
    const std::uint64_t run = running(store);
    store.add_epoch(run, epoch(2), 2);
    store.add_checkpoint(run, record(5), {epoch(4)}, 3);
    store.add_checkpoint(run, record(7), {epoch(6)}, 3);
    store.add_epoch(run, epoch(8), 4);
    store.add_notice(run, "what happened stays", 4);
    const std::uint64_t last = store.events(run, 0, 100).back().number();

    const auto gone = store.rewind(run, 5, 5);
    REQUIRE(gone.size() == 2);
    REQUIRE(gone[0].step() == 6);
    REQUIRE(gone[1].step() == 8);
    REQUIRE(store.checkpoints(run) == std::vector{record(5)});
    const auto left = store.epochs(run, 0, 100);
    REQUIRE(left.size() == 2);
    REQUIRE(left[1].epoch().step() == 4);
    const auto events = store.events(run, 0, 100);
    REQUIRE(events.back().rewound().step() == 5);
    REQUIRE(events.back().rewound().epochs() == 2);
    REQUIRE(events[events.size() - 2].notice() == "what happened stays");
    REQUIRE(events.back().number() > last); // numbers are never used twice
    REQUIRE(store.rewind(run, 5, 6).empty());
    REQUIRE(store.events(run, 0, 100).size() == events.size()); // nothing to tell
}

TEST_CASE("deaths are counted until something was got out of the run") {
    const TempDir dir;
    Store store(dir.path() / "phylld.db");
    const std::uint64_t run = running(store);
    const auto die = [&](std::uint64_t journaled) {
        store.interrupted(run, "gone", 2, journaled);
        store.started(run, {}, 3);
        return store.run(run)->info.fruitless();
    };
    REQUIRE(die(0) == 1);
    REQUIRE(die(0) == 2);
    store.add_checkpoint(run, record(3), {}, 2); // of a run without physics
    REQUIRE(die(0) == 1);
    REQUIRE(die(10) == 0);
    REQUIRE(die(10) == 1);
}

TEST_CASE("the end of an era is told once, however often it is reached") {
    const TempDir dir;
    Store store(dir.path() / "phylld.db");
    const std::uint64_t run = running(store);
    v1::EraEnded era;
    era.set_rig("cavity");
    era.set_era(1);
    REQUIRE(store.add_era(run, era, false, 2));
    REQUIRE_FALSE(store.add_era(run, era, false, 3));
    era.set_era(2);
    REQUIRE(store.add_era(run, era, false, 4));
}

TEST_CASE("a run that waits for a person says so until it is resumed") {
    const TempDir dir;
    Store store(dir.path() / "phylld.db");
    const std::uint64_t run = running(store);
    store.wait_for_person(run, "look", 2);
    REQUIRE(store.run(run)->info.waits());
    REQUIRE(store.run(run)->info.holds() == 1);
    store.change_state(run, v1::QUEUED, "resumed", 3);
    REQUIRE_FALSE(store.run(run)->info.waits());
}
