// Runs whose daemon is killed: nothing that was measured is measured again, and what comes out is,
// to the bit, what comes out undisturbed.

#include "tests/integration/killed_runs.hpp"

#include <catch2/catch.hpp>

using phyll::test::await;
using phyll::test::Daemon;
using phyll::test::interrupted_run;
using phyll::test::kill_at_random;
using phyll::test::LearnedRun;
using phyll::test::Process;
using phyll::test::restless_lab;
using phyll::test::show;
using phyll::test::start_run;
using phyll::test::undisturbed;

namespace {

const std::string greedy = "schedule = \"greedy\"\n";
const std::string simultaneous = "schedule = \"simultaneous\"\n";
const std::string every_epoch = "[checkpoints]\nleast_seconds = 0\n";

/// Waits until a watcher has been told of so many epochs.
void wait_for_epochs(const Daemon& daemon, int count) {
    Process watch(daemon.ctl_command({"--json", "run", "watch", "1"}),
                  daemon.folder() / "watch.log");
    while (count > 0) {
        const std::string line = watch.read_line();
        if (line.empty()) {
            return; // the run is over
        }
        count -= nlohmann::json::parse(line)["event"] == "epoch" ? 1 : 0;
    }
}

} // namespace

TEST_CASE("a run whose daemon is killed again and again learns what it learns undisturbed",
          "[long]") {
    const std::string schedule = GENERATE(as<std::string>(), greedy, simultaneous);
    const std::string checkpoints = GENERATE(as<std::string>(), "", every_epoch);
    const std::string file = interrupted_run(schedule, checkpoints);
    const LearnedRun expected = undisturbed(file);
    REQUIRE(expected.epochs.size() == (schedule == greedy ? 16 : 8));

    Daemon daemon(restless_lab);
    start_run(daemon, file);
    for (const int epochs : {1, 3, 6}) {
        wait_for_epochs(daemon, epochs);
        // Stopped in order, it keeps how old the rig has become; the run still counts from its
        // start.
        epochs == 3 ? static_cast<void>(daemon.stop()) : daemon.kill();
        daemon.start();
    }
    REQUIRE(learned(daemon) == expected); // the watcher was told of each epoch once
    REQUIRE(show(daemon)["interruptions"] > 0);
}

TEST_CASE("a run whose daemon is killed at any moment learns what it learns undisturbed") {
    const std::string file =
        interrupted_run(GENERATE(as<std::string>(), greedy, simultaneous),
                        every_epoch + "[sentinels]\nevery = 200\ntolerance = 1\n");
    const LearnedRun expected = undisturbed(file);
    std::mt19937 random(7);
    Daemon daemon(restless_lab);
    start_run(daemon, file);
    static_cast<void>(kill_at_random(daemon, random, std::chrono::milliseconds(250)));
    REQUIRE(learned(daemon) == expected);
}

TEST_CASE("a run under which phylld dies again and again without a measurement is given up") {
    Daemon daemon("[[rigs]]\nname = \"cavity\"\nkind = \"acoustic\"\n[rigs.simulation]\n"
                  "faults = [{ kind = \"hang\", count = 1000000 }]\n");
    start_run(daemon, interrupted_run(greedy));
    for (int death = 0; death < 3; ++death) {
        await([&] { return show(daemon)["state"] == "running"; });
        daemon.kill();
        daemon.start();
    }
    const nlohmann::json run = show(daemon);
    REQUIRE(run["state"] == "failed");
    REQUIRE(run["interruptions"] == 3);
    REQUIRE(run["reason"].get<std::string>().find("3 times in a row") != std::string::npos);
}
