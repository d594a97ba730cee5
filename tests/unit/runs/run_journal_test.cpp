#include "daemon/runs/measuring/measurer.hpp"
#include "daemon/runs/measuring/run_journal.hpp"
#include "drivers/core/error.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/scripted_layer.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

using namespace phyll;
using namespace phyll::runs;
using Catch::Matchers::Contains;
using test::Script;
using test::ScriptedLayer;

namespace {

/// A run on one rig of two inputs and one output, whose daemon comes and goes.
struct Interrupted {
    RunJournalOptions options() {
        return {.path = dir.path() / "journal",
                .run = 7,
                .seed = 1,
                .configuration_hash = {configuration},
                .kernel_level = "x86-64",
                .rigs = {{"r", &layer.spec()}}};
    }

    /// What the run of `samples` stimuli gets when it asks for all of them from the start.
    OwnedBlock ask(std::size_t samples, bool reuse = false) {
        RunJournal journal(options(), clock);
        notice = journal.notice();
        Measurer measurer({.seed = 1, .reuse = reuse, .journal = &journal});
        measurer.add_rig("r", layer, 100);
        OwnedBlock stimuli(2, samples);
        for (std::size_t i = 0; i < samples; ++i) {
            stimuli.sample(i)[0] = first + 0.01F * static_cast<float>(i);
        }
        cost.Clear();
        cost.set_layer(1);
        return measurer.answer("r", {.stimuli = std::as_const(stimuli).view()}, cost, {});
    }

    test::TempDir dir;
    SystemClock clock;
    unsigned char configuration = 1;
    float first = 0.1F;
    std::shared_ptr<Script> script = std::make_shared<Script>();
    ScriptedLayer layer{script, 2, 1, 4};
    std::string notice;
    v1::LayerCost cost;
};

} // namespace

TEST_CASE("what was measured before an interruption is not measured again") {
    const bool reuse = GENERATE(false, true);
    Interrupted run;
    const OwnedBlock before = run.ask(10, reuse);
    REQUIRE(run.notice.empty());
    REQUIRE(run.script->queries == 3); // of 4, 4 and 2 samples
    REQUIRE(run.cost.recorded() == 0);

    // It comes back and wants more: the third block is cut where the journal ends.
    const OwnedBlock after = run.ask(15, reuse);
    REQUIRE_THAT(run.notice, Contains("10 measurements"));
    REQUIRE(run.cost.recorded() == 10);
    REQUIRE(run.cost.training_queries() == 15); // of the run, however often it was interrupted
    REQUIRE(std::ranges::equal(before.view().values(), after.view().slice(0, 10).values()));
    const auto seen = run.script->seen();
    REQUIRE(seen.size() == 5);
    REQUIRE(seen[3].number == 10);
    REQUIRE(seen[3].age == 110);
    REQUIRE(seen[3].samples == 4);
    REQUIRE(seen[4].number == 14);
    REQUIRE(RunJournal::measurements(run.dir.path() / "journal") == 15);
}

TEST_CASE("an answer to another stimulus is no answer") {
    Interrupted run;
    static_cast<void>(run.ask(4));
    run.first = 0.5F;
    static_cast<void>(run.ask(4));
    REQUIRE(run.cost.recorded() == 0);
    REQUIRE(run.script->queries == 2);
}

TEST_CASE("the journal of other devices is put aside, not used and not lost") {
    Interrupted run;
    static_cast<void>(run.ask(4));
    run.configuration = 2;
    static_cast<void>(run.ask(4));
    REQUIRE_THAT(run.notice, Contains("journal-1") && Contains("not used"));
    REQUIRE(run.cost.recorded() == 0);
    REQUIRE(RunJournal::measurements(run.dir.path() / "journal-1") == 4);
    run.configuration = 3;
    static_cast<void>(run.ask(4));
    REQUIRE(RunJournal::measurements(run.dir.path() / "journal-2") == 4);
}

TEST_CASE("a torn end costs the measurements that were in it, and is told") {
    Interrupted run;
    static_cast<void>(run.ask(12));
    const auto path = run.dir.path() / "journal";
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 60);
    static_cast<void>(run.ask(12));
    REQUIRE_THAT(run.notice, Contains("8 measurements") && Contains("torn"));
    REQUIRE(run.cost.recorded() == 8);
    REQUIRE(run.script->queries == 4);
}

TEST_CASE("a journal beyond its limit is an error that names the key, before the answer is used") {
    Interrupted run;
    RunJournalOptions options = run.options();
    options.max_bytes = 2000;
    RunJournal journal(options, run.clock);
    Measurer measurer({.seed = 1, .journal = &journal});
    measurer.add_rig("r", run.layer, 0);
    const OwnedBlock stimuli(2, 400);
    v1::LayerCost cost;
    cost.set_layer(1);
    REQUIRE_THROWS_WITH(measurer.answer("r", {.stimuli = stimuli.view()}, cost, {}),
                        Contains("journal_limit"));
    REQUIRE(cost.training_queries() < 400);
}
