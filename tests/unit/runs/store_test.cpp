#include "daemon/runs/store.hpp"
#include "drivers/core/error.hpp"
#include "tests/support/paths.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace phyll;
using runs::Store;
using test::TempDir;

namespace {

std::uint64_t add(Store& store, const std::string& name, const std::string& key = "") {
    v1::RunInfo info;
    info.set_name(name);
    info.set_submitted(100);
    v1::RunSpec spec;
    spec.set_name(name);
    return store.add_run(info, spec, key);
}

v1::EpochMetrics epoch(std::uint32_t number) {
    v1::EpochMetrics metrics;
    metrics.set_layer(1);
    metrics.set_epoch(number);
    metrics.set_loss(1.0 / number);
    return metrics;
}

} // namespace

TEST_CASE("runs and events are there again when the database is opened again") {
    const TempDir dir;
    const auto file = dir.path() / "phylld.db";
    std::uint64_t run = 0;
    {
        Store store(file);
        run = add(store, "vowels");
        store.change_state(run, v1::RUNNING, "", 101);
        store.add_epoch(run, epoch(1), 102);
        store.add_epoch(run, epoch(2), 103);
        store.save_rig_age("cavity", 77);
    }
    Store store(file);
    const auto record = store.run(run);
    REQUIRE(record);
    REQUIRE(record->info.state() == v1::RUNNING);
    REQUIRE(record->info.started() == 101);
    REQUIRE(record->spec.name() == "vowels");
    const auto events = store.events(run, 0, 100);
    REQUIRE(events.size() == 4);
    REQUIRE(events[0].state().state() == v1::QUEUED);
    REQUIRE(events[1].state().state() == v1::RUNNING);
    REQUIRE(events[3].epoch().epoch() == 2);
    REQUIRE(store.rig_ages() == std::map<std::string, std::uint64_t>{{"cavity", 77}});
    REQUIRE_FALSE(store.run(run + 1));
}

TEST_CASE("event numbers rise over all runs and a watcher goes on where it was") {
    const TempDir dir;
    Store store(dir.path() / "phylld.db");
    const std::uint64_t a = add(store, "a");
    const std::uint64_t b = add(store, "b");
    store.change_state(a, v1::RUNNING, "", 1);
    store.add_notice(b, "waits", 2);
    store.add_epoch(a, epoch(1), 3);
    std::uint64_t last = 0;
    for (const v1::Event& event : store.events(a, 0, 100)) {
        REQUIRE(event.number() > last);
        last = event.number();
    }
    REQUIRE(store.events(a, last, 100).empty());
    REQUIRE(store.events(a, last - 1, 100).size() == 1);
    REQUIRE(store.events(a, 0, 2).size() == 2);
    REQUIRE(store.events(b, 0, 100).size() == 2);
}

TEST_CASE("a state that the table does not allow is refused and nothing is stored") {
    const TempDir dir;
    Store store(dir.path() / "phylld.db");
    const std::uint64_t run = add(store, "a");
    REQUIRE_THROWS_AS(store.change_state(run, v1::SUCCEEDED, "", 1), Error);
    REQUIRE(store.run(run)->info.state() == v1::QUEUED);
    REQUIRE(store.events(run, 0, 100).size() == 1);
    store.change_state(run, v1::RUN_CANCELLED, "by a person", 2);
    REQUIRE(store.run(run)->info.finished() == 2);
    REQUIRE_THROWS_WITH(store.change_state(run, v1::RUNNING, "", 3),
                        "run 1 is cancelled and cannot become running");
    REQUIRE_THROWS_AS(store.change_state(99, v1::RUNNING, "", 3), Error);
}

TEST_CASE("a result comes with the final state, an interruption is counted") {
    const TempDir dir;
    Store store(dir.path() / "phylld.db");
    const std::uint64_t run = add(store, "a");
    store.change_state(run, v1::RUNNING, "", 1);
    store.interrupted(run, "phylld went away", 2);
    REQUIRE(store.run(run)->info.interruptions() == 1);
    REQUIRE(store.run(run)->info.fruitless() == 0);
    REQUIRE(store.in_state({v1::QUEUED}) == std::vector<std::uint64_t>{run});
    store.change_state(run, v1::RUNNING, "", 3);
    v1::RunResult result;
    result.set_test_accuracy(0.5);
    store.change_state(run, v1::SUCCEEDED, "", 4, &result);
    const v1::RunInfo info = store.run(run)->info;
    REQUIRE(info.result().test_accuracy() == 0.5);
    REQUIRE(info.started() == 1);
    REQUIRE(store.in_state({v1::QUEUED, v1::RUNNING}).empty());
}

TEST_CASE("a reason or a notice that is no UTF-8 is stored so that it can be read again") {
    const TempDir dir;
    Store store(dir.path() / "phylld.db");
    const std::uint64_t run = add(store, "a");
    store.add_notice(run, "25 \xB0", 1);
    store.change_state(run, v1::FAILED, "caf\xE9.csv", 2);
    REQUIRE(store.run(run)->info.reason() == "caf\xEF\xBF\xBD.csv");
    const auto events = store.events(run, 0, 100);
    REQUIRE(events[1].notice() == "25 \xEF\xBF\xBD");
    REQUIRE(events[2].state().reason() == "caf\xEF\xBF\xBD.csv");
}

TEST_CASE("the same idempotency key starts nothing twice") {
    const TempDir dir;
    Store store(dir.path() / "phylld.db");
    const std::uint64_t run = add(store, "a", "key");
    REQUIRE(add(store, "a", "key") == run);
    REQUIRE(add(store, "a", "other") != run);
    REQUIRE(add(store, "a") != add(store, "a"));
    REQUIRE(store.runs({}).size() == 4);
    REQUIRE(store.runs({}).front().run() == 4);
}

TEST_CASE("a file that is no database is named") {
    const TempDir dir;
    const auto file = dir.path() / "phylld.db";
    std::ofstream(file) << std::string(8192, 'x');
    try {
        const Store store(file);
        FAIL("it is no database");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::data_loss);
        REQUIRE(std::string(error.what()).find(file.string()) != std::string::npos);
    }
}

TEST_CASE("eras of a rig are counted, each with its reason, and are there again") {
    const TempDir dir;
    const auto file = dir.path() / "phylld.db";
    {
        Store store(file);
        REQUIRE(store.rig_era("cavity").era == 1);
        REQUIRE(store.rig_era("cavity").since == 0);
        REQUIRE(store.rig_era("cavity").reason.empty());
        const runs::RigEra next = store.end_era("cavity", "touched: new membrane", 200);
        REQUIRE(next.era == 2);
        REQUIRE(next.since == 200);
        REQUIRE(store.end_era("cavity", "touched: and back", 300).era == 3);
        REQUIRE(store.rig_era("box").era == 1);
    }
    const runs::RigEra era = Store(file).rig_era("cavity");
    REQUIRE(era.era == 3);
    REQUIRE(era.since == 300);
    REQUIRE(era.reason == "touched: and back");
}

TEST_CASE("another configuration ends a rig's era, the first one and the same one do not") {
    const TempDir dir;
    Store store(dir.path() / "phylld.db");
    store.note_configuration("cavity", "aa", 100);
    REQUIRE(store.rig_era("cavity").era == 1);
    REQUIRE(store.rig_era("cavity").since == 0);
    store.note_configuration("cavity", "aa", 200);
    REQUIRE(store.rig_era("cavity").era == 1);
    store.end_era("cavity", "touched: dusted", 300);
    store.note_configuration("cavity", "aa", 400); // known from before the touch
    REQUIRE(store.rig_era("cavity").era == 2);
    store.note_configuration("cavity", "bb", 500);
    const runs::RigEra era = store.rig_era("cavity");
    REQUIRE(era.era == 3);
    REQUIRE(era.since == 500);
    REQUIRE(era.reason == "the configuration changed");
    store.note_configuration("cavity", "aa", 600); // back again is another one, too
    REQUIRE(store.rig_era("cavity").era == 4);

    // Touched before any configuration was known.
    store.end_era("box", "touched: opened", 100);
    store.note_configuration("box", "aa", 200);
    REQUIRE(store.rig_era("box").era == 2);
    REQUIRE(store.rig_era("box").reason == "touched: opened");
}
