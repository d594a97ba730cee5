// Runs that something goes wrong under: they wait, and go on, by themselves or when a person says
// so; and runs that are trained again from what they measured.

#include "tests/integration/json_lines.hpp"
#include "tests/support/await.hpp"
#include "tests/support/process.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

using Catch::Matchers::Contains;
using nlohmann::json;
using phyll::test::await;
using phyll::test::Daemon;
using phyll::test::show;

namespace {

std::string lab(const std::string& more) {
    return "[[rigs]]\nname = \"cavity\"\nkind = \"acoustic\"\n" + more;
}

constexpr const char* run_file = R"(
seed = 4
[data]
kind = "vowels"
training_samples = 70
test_samples = 70
[training]
epochs = 6
[[layers]]
rig = "cavity"
skip = true
[[layers]]
rig = "cavity"
)";

void start(const Daemon& daemon) {
    REQUIRE(daemon.ctl({"run", "start", daemon.write("run.toml", run_file).string()}).status == 0);
}

json finished(const Daemon& daemon, const std::string& run = "1") {
    await([&] {
        const std::string state = show(daemon, run)["state"];
        return state == "succeeded" || state == "failed";
    });
    return show(daemon, run);
}

} // namespace

TEST_CASE("a rig that goes away for a while holds its run, which then ends as if it had not") {
    Daemon quiet(lab(""));
    start(quiet);
    const json undisturbed = finished(quiet);
    REQUIRE(undisturbed["state"] == "succeeded");

    Daemon daemon(lab("simulation = { faults = [{ kind = \"disconnect\", at_query = 3, count = 2 },"
                      " { kind = \"not_finite\", at_query = 6 }] }\n"));
    start(daemon);
    const json run = finished(daemon);
    REQUIRE(run["state"] == "succeeded");
    REQUIRE(run["holds"] == 2);
    REQUIRE(run["weights_sha256"] == undisturbed["weights_sha256"]);
    REQUIRE(run["hardware_queries"] == undisturbed["hardware_queries"]);
    REQUIRE_THAT(run["remarks"].dump(), Contains("no sentinels"));
    REQUIRE_THAT(daemon.ctl({"run", "watch", "1"}).out,
                 Contains("run 1 is held: rig 'cavity': disconnected (simulated)") &&
                     Contains("goes on after"));
    REQUIRE_THAT(daemon.ctl({"run", "show", "1"}).out, Contains("held") && Contains("2 times"));
}

TEST_CASE("where somebody may be at the rig, a run waits for a person after a crash") {
    Daemon daemon(lab("unattended = false\n[rigs.simulation]\n"
                      "faults = [{ kind = \"hang\", at_query = 5 }]\n"));
    start(daemon);
    start(daemon);
    await([&] { return json::parse(daemon.ctl({"--json", "rigs"}).out)["age"].get<int>() > 500; });
    daemon.kill();
    daemon.configure(lab("unattended = false\n"));
    daemon.start();
    const json waiting = show(daemon);
    REQUIRE(waiting["state"] == "held");
    REQUIRE(waiting["waits"] == true);
    REQUIRE_THAT(waiting["reason"].get<std::string>(),
                 Contains("cavity") && Contains("phyllctl run resume 1"));
    // Another crash changes nothing about that, and is none of the run's.
    daemon.kill();
    daemon.start();
    REQUIRE(show(daemon)["waits"] == true);
    REQUIRE(show(daemon)["interruptions"] == 1);

    // One that was only in line is at nobody's rig either until somebody has looked.
    REQUIRE(show(daemon, "2")["waits"] == true);
    REQUIRE(daemon.ctl({"run", "resume", "2"}).status == 0);
    REQUIRE(daemon.ctl({"run", "watch", "2"}).status == 0);
    REQUIRE(daemon.ctl({"run", "resume", "1"}).status == 0);
    REQUIRE(finished(daemon)["state"] == "succeeded");
    const auto again = daemon.ctl({"run", "resume", "1"});
    REQUIRE(again.status != 0);
    REQUIRE_THAT(again.err, Contains("run 1 is succeeded"));
}

TEST_CASE("a replay asks no rig and has the weights of the run, also when the rig is gone") {
    Daemon daemon(lab("simulation = { noise = 0.05, drift_samples = 5000 }\n"));
    start(daemon);
    const json run = finished(daemon);
    REQUIRE(run["state"] == "succeeded");
    daemon.stop();
    daemon.configure("[[rigs]]\nname = \"other\"\nkind = \"echo\"\n");
    daemon.start();
    const auto replay = daemon.ctl({"run", "replay", "1", "--watch"});
    REQUIRE(replay.status == 0);
    const json again = show(daemon, "2");
    REQUIRE(again["weights_sha256"] == run["weights_sha256"]);
    REQUIRE(again["test_accuracy"] == run["test_accuracy"]);
    REQUIRE(again["replay_of"] == 1);
    REQUIRE(again["layers"][0]["recorded"] ==
            again["layers"][0]["training_queries"].get<int>() +
                again["layers"][0]["evaluation_queries"].get<int>());
    REQUIRE(again["hardware_queries"] == 0);
    REQUIRE_THAT(again["evidence_of"].dump(), Contains("run 1, on a simulation"));
    REQUIRE(json::parse(daemon.ctl({"--json", "rigs"}).out)["age"] == 0);
    const auto unknown = daemon.ctl({"run", "replay", "7"});
    REQUIRE(unknown.status != 0);
    REQUIRE_THAT(unknown.err, Contains("there is no run 7"));
}

TEST_CASE("a rig that is displaced in the middle of a run ends an era, as the run file says") {
    Daemon daemon(lab("simulation = { noise = 0.02 }\n"));
    const std::string file = std::string(run_file) +
                             "[sentinels]\nevery = 100\n[[perturb]]\nrig = \"cavity\"\n"
                             "at_epoch = 3\nfraction = 0.2\n";
    REQUIRE(daemon.ctl({"run", "start", daemon.write("run.toml", file).string()}).status == 0);
    const json run = finished(daemon);
    REQUIRE(run["state"] == "succeeded");
    REQUIRE(run["eras"].size() == 1);
    REQUIRE(run["eras"][0]["moved"] > 0.1);
    REQUIRE(run["sentinel_queries"] > 0);
    REQUIRE_THAT(daemon.ctl({"run", "watch", "1"}).out, Contains("era 1 of rig 'cavity'"));

    // Its journal has what the displaced rig answered.
    REQUIRE(daemon.ctl({"run", "replay", "1", "--watch"}).status == 0);
    REQUIRE(show(daemon, "2")["weights_sha256"] == run["weights_sha256"]);
    REQUIRE(show(daemon, "2")["eras"].size() == 1);

    // A run after it finds the rig as it is configured.
    REQUIRE(daemon.ctl({"run", "start", daemon.write("other.toml", run_file).string()}).status ==
            0);
    REQUIRE(finished(daemon, "3")["eras"].empty());
    const auto wrong =
        daemon.ctl({"run", "check",
                    daemon.write("wrong.toml", std::string(run_file) + "[[perturb]]\nrig = \"x\"\n")
                        .string()});
    REQUIRE(wrong.status != 0);
    REQUIRE_THAT(wrong.err, Contains("perturb[0].rig"));
}
