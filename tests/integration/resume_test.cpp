// Runs whose daemon is killed: nothing that was measured is measured again, and what comes out is,
// to the bit, what comes out undisturbed.

#include "tests/support/await.hpp"
#include "tests/support/process.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <sstream>
#include <string>
#include <vector>

using nlohmann::json;
using phyll::test::await;
using phyll::test::Daemon;
using phyll::test::Process;

namespace {

/// Noise and drift tell every measurement from every other.
constexpr const char* lab = R"(
[[rigs]]
name = "cavity"
kind = "acoustic"
simulation = { noise = 0.05, drift_samples = 5000 }
)";

std::string run_file(const std::string& schedule) {
    return "seed = 4\n[data]\nkind = \"vowels\"\ntraining_samples = 70\ntest_samples = 70\n"
           "[training]\nschedule = \"" +
           schedule +
           "\"\nepochs = 8\n[[layers]]\nrig = \"cavity\"\nskip = true\n[[layers]]\nrig = "
           "\"cavity\"\n";
}

json show(const Daemon& daemon) {
    return json::parse(daemon.ctl({"--json", "run", "show", "1"}).out);
}

struct Learned {
    std::string weights;
    std::vector<json> epochs; ///< step, loss, accuracy

    bool operator==(const Learned&) const = default;
};

Learned learned(const Daemon& daemon) {
    const std::string watched = daemon.ctl({"--json", "run", "watch", "1"}).out;
    const json run = show(daemon);
    INFO(run);
    REQUIRE(run["state"] == "succeeded");
    Learned out{run["weights_sha256"], {}};
    std::istringstream lines(watched);
    for (std::string line; std::getline(lines, line);) {
        const json event = json::parse(line);
        if (event["event"] == "epoch") {
            out.epochs.push_back({event["step"], event["layer"], event["loss"],
                                  event.value("train_accuracy", -1.0)});
        }
    }
    return out;
}

/// Waits until a watcher has been told of so many epochs.
void wait_for_epochs(const Daemon& daemon, int count) {
    Process watch(daemon.ctl_command({"--json", "run", "watch", "1"}),
                  daemon.folder() / "watch.log");
    while (count > 0) {
        const std::string line = watch.read_line();
        if (line.empty()) {
            return; // the run is over
        }
        count -= json::parse(line)["event"] == "epoch" ? 1 : 0;
    }
}

} // namespace

TEST_CASE("a run whose daemon is killed again and again learns what it learns undisturbed") {
    const std::string schedule = GENERATE("simultaneous", "greedy");
    Daemon quiet(lab);
    REQUIRE(
        quiet.ctl({"run", "start", quiet.write("run.toml", run_file(schedule)).string()}).status ==
        0);
    const Learned undisturbed = learned(quiet);
    REQUIRE(undisturbed.epochs.size() == (schedule == "greedy" ? 16 : 8));

    Daemon daemon(lab);
    REQUIRE(daemon.ctl({"run", "start", daemon.write("run.toml", run_file(schedule)).string()})
                .status == 0);
    for (const int epochs : {1, 3, 6}) {
        wait_for_epochs(daemon, epochs);
        // Stopped in order, it keeps how old the rig has become; the run still counts from its
        // start.
        epochs == 3 ? static_cast<void>(daemon.stop()) : daemon.kill();
        daemon.start();
    }
    REQUIRE(learned(daemon) == undisturbed); // the watcher was told of each epoch once
}

TEST_CASE("a run under which phylld dies again and again without a measurement is given up") {
    Daemon daemon("[[rigs]]\nname = \"cavity\"\nkind = \"acoustic\"\n[rigs.simulation]\n"
                  "faults = [{ kind = \"hang\", count = 1000000 }]\n");
    REQUIRE(daemon.ctl({"run", "start", daemon.write("run.toml", run_file("greedy")).string()})
                .status == 0);
    for (int death = 0; death < 3; ++death) {
        await([&] { return show(daemon)["state"] == "running"; });
        daemon.kill();
        daemon.start();
    }
    const json run = show(daemon);
    REQUIRE(run["state"] == "failed");
    REQUIRE(run["interruptions"] == 3);
    REQUIRE(run["reason"].get<std::string>().find("3 times in a row") != std::string::npos);
}
