#include "tests/integration/json_lines.hpp"
#include "tests/integration/run_files.hpp"
#include "tests/support/process.hpp"
#include "tests/support/text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <pwd.h>
#include <sstream>
#include <unistd.h>

using nlohmann::json;
using phyll::test::Daemon;
using phyll::test::endless_run;
using phyll::test::Finished;
using phyll::test::lines_of;
using phyll::test::Process;
using phyll::test::short_run;

namespace {

/// Trains a run to its end.
void train(const Daemon& daemon, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"run", "start", daemon.write("run.toml", short_run).string(),
                                       "--watch"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Finished finished = daemon.ctl(arguments);
    INFO(finished.out << finished.err);
    REQUIRE(finished.status == 0);
}

std::vector<std::uint64_t> listed(const Daemon& daemon, const std::vector<std::string>& options) {
    std::vector<std::string> arguments{"--json", "run", "list"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Finished finished = daemon.ctl(arguments);
    INFO(finished.err);
    REQUIRE(finished.status == 0);
    std::vector<std::uint64_t> runs;
    for (const json& line : lines_of(finished.out)) {
        runs.push_back(line["run"]);
    }
    return runs;
}

json diff(const Daemon& daemon, int a, int b) {
    return json::parse(
        daemon.ctl({"--json", "run", "diff", std::to_string(a), std::to_string(b)}).out);
}

using Runs = std::vector<std::uint64_t>;
using phyll::test::contains;
using phyll::test::show;

const std::string noisy_cavity = R"(
[[rigs]]
name = "cavity"
kind = "acoustic"
simulation = { noise = 0.005 }
)";

} // namespace

TEST_CASE("a run says who started it: a user by name over ipc, an address over TCP") {
    Daemon daemon;
    const std::string file = daemon.write("run.toml", endless_run).string();
    for (const std::string& endpoint : {daemon.ipc(), daemon.tcp()}) {
        REQUIRE(phyll::test::run_command(
                    {PHYLL_BIN_DIR "/phyllctl", "--endpoint", endpoint, "run", "start", file})
                    .status == 0);
    }
    const passwd* me = ::getpwuid(::getuid());
    const std::string user = me != nullptr ? "local user " + std::string(me->pw_name) + " (uid " +
                                                 std::to_string(me->pw_uid) + ")"
                                           : "local user with uid " + std::to_string(::getuid());
    REQUIRE(show(daemon, "1")["submitted_by"] == user);
    REQUIRE(show(daemon, "2")["submitted_by"] == "a local operator at 127.0.0.1");
    REQUIRE(contains(daemon.ctl({"run", "list"}).out, user));
    REQUIRE(contains(daemon.ctl({"run", "show", "1"}).out, " by " + user));
}

TEST_CASE("run list shows what its filters let through") {
    Daemon daemon;
    const std::string file = daemon.write("endless.toml", endless_run).string();
    train(daemon, {"--set", "layers.0.physics=false", "--set", "layers.1.physics=false"});
    train(daemon);
    REQUIRE(daemon.ctl({"run", "start", file}).status == 0);
    REQUIRE(daemon.ctl({"run", "start", file}).status == 0);
    REQUIRE(daemon.ctl({"run", "cancel", "4"}).status == 0);
    REQUIRE(listed(daemon, {}) == Runs{4, 3, 2, 1});
    REQUIRE(listed(daemon, {"--rig", "cavity"}) == Runs{4, 3, 2});
    REQUIRE(listed(daemon, {"--rig", "echo"}).empty());
    REQUIRE(listed(daemon, {"--state", "succeeded,cancelled"}) == Runs{4, 2, 1});
    REQUIRE(listed(daemon, {"--state", "succeeded", "--rig", "cavity"}) == Runs{2});
    REQUIRE(listed(daemon, {"--since", "1h", "--limit", "2"}) == Runs{4, 3});
    REQUIRE(listed(daemon, {"--since", "2999-01-01"}).empty());

    const Finished rig = daemon.ctl({"run", "list", "--rig", "cavty"});
    REQUIRE(rig.status == 3);
    REQUIRE(contains(rig.err, "cavity, echo"));
    const Finished state = daemon.ctl({"run", "list", "--state", "done"});
    REQUIRE(state.status == 2);
    REQUIRE(contains(state.err, "queued, running"));
    REQUIRE(daemon.ctl({"run", "list", "--since", "yesterday"}).status == 2);
}

TEST_CASE("a run keeps what it ran under, and a diff names what changed") {
    Daemon daemon;
    train(daemon);
    train(daemon);
    train(daemon, {"--set", "training.epochs=7"});
    const json run = show(daemon, "1");
    REQUIRE(run["conditions"]["version"] == "0.1.0");
    REQUIRE(run["conditions"]["cpu_model"] == run["cpu_model"]);
    REQUIRE(run["conditions"]["rigs"].size() == 1);
    const json rig = run["conditions"]["rigs"][0];
    REQUIRE(rig["rig"] == "cavity");
    REQUIRE(rig["age"] == 0);
    REQUIRE(rig["era"] == 1);
    REQUIRE(rig["calibration"] == "");
    REQUIRE(rig["configuration"]["options"]["reverberation_time"] == 0.06);
    REQUIRE(rig["configuration_sha256"].get<std::string>().size() == 64);
    REQUIRE(show(daemon, "2")["conditions"]["rigs"][0]["age"] == 2 * 77 * 7);
    REQUIRE(show(daemon, "3")["overrides"] == json({"training.epochs=7"}));

    const json same = diff(daemon, 1, 2);
    REQUIRE(same["same"] == true);
    REQUIRE(same["differences"].size() == 1); // the rig has aged
    REQUIRE(same["differences"][0]["section"] == "age");
    REQUIRE(contains(daemon.ctl({"run", "diff", "1", "2"}).out, "nothing different but"));
    REQUIRE(contains(daemon.ctl({"run", "diff", "1", "1"}).out, "nothing different\n"));
    const json other = diff(daemon, 1, 3);
    REQUIRE(other["same"] == false);
    REQUIRE(other["differences"][0] ==
            json({{"section", "run file"}, {"path", "training.epochs"}, {"a", 6}, {"b", 7}}));
    REQUIRE(daemon.ctl({"run", "diff", "1", "9"}).status == 3);
}

TEST_CASE("a rig that was configured anew shows in the diff of runs before and after") {
    Daemon daemon(noisy_cavity);
    train(daemon);
    REQUIRE(daemon.stop() == 0);
    daemon.configure("[[rigs]]\nname = \"cavity\"\nkind = \"acoustic\"\n"
                     "options = { nonlinearity = 2.0 }\n");
    daemon.start();
    train(daemon);
    const json found = diff(daemon, 1, 2);
    std::vector<std::string> rigs;
    for (const json& difference : found["differences"]) {
        if (difference["section"] == "rigs") {
            rigs.push_back(difference["path"]);
        }
    }
    REQUIRE(contains(json(rigs).dump(), "cavity.configuration.options.nonlinearity"));
    REQUIRE(contains(json(rigs).dump(), "cavity.configuration.simulation.noise"));
}

TEST_CASE("a run that goes on keeps what it is under then, and says what changed") {
    Daemon daemon(noisy_cavity);
    REQUIRE(daemon.ctl({"run", "start", daemon.write("run.toml", endless_run).string()}).status ==
            0);
    Process watch(daemon.ctl_command({"--json", "run", "watch", "1"}),
                  daemon.folder() / "watch.log");
    while (json::parse(watch.read_line())["event"] != "epoch") {
    }
    const std::string before = show(daemon, "1")["conditions"]["rigs"][0]["configuration_sha256"];
    daemon.kill();
    daemon.configure("[[rigs]]\nname = \"cavity\"\nkind = \"acoustic\"\n"
                     "simulation = { noise = 0.25 }\n");
    daemon.start();
    Process again(daemon.ctl_command({"--json", "run", "watch", "1"}),
                  daemon.folder() / "again.log");
    for (;;) {
        const json line = json::parse(again.read_line());
        if (line["event"] == "notice") {
            REQUIRE(line["text"] == "goes on under other conditions: rigs "
                                    "cavity.configuration.simulation.noise is 0.25, was 0.005");
            break;
        }
    }
    const json rig = show(daemon, "1")["conditions"]["rigs"][0];
    REQUIRE(rig["configuration_sha256"] != before);
    REQUIRE(rig["configuration"]["simulation"]["noise"] == 0.25);
}

TEST_CASE("the metrics of a run come as table, CSV and JSON") {
    Daemon daemon;
    train(daemon);
    const std::vector<json> epochs = lines_of(daemon.ctl({"--json", "run", "metrics", "1"}).out);
    REQUIRE(epochs.size() == 12);
    REQUIRE(epochs[0]["event"] == "epoch");
    REQUIRE(epochs[0]["layer"] == 1);
    REQUIRE(epochs[11]["layer"] == 2);
    REQUIRE(epochs[11]["epoch"] == 6);
    std::vector<json> watched;
    for (const json& line : lines_of(daemon.ctl({"--json", "run", "watch", "1"}).out)) {
        if (line["event"] == "epoch") {
            watched.push_back(line);
        }
    }
    REQUIRE(watched == epochs);

    std::istringstream csv(daemon.ctl({"run", "metrics", "1", "--csv"}).out);
    std::string line;
    std::getline(csv, line);
    REQUIRE(line.starts_with("layer,epoch,step,loss,pair_accuracy,train_accuracy,training_queries,"
                             "evaluation_queries,hardware_seconds,time,event,sentinel_queries"));
    std::getline(csv, line);
    REQUIRE(line.starts_with("1,1,"));
    const Finished table = daemon.ctl({"run", "metrics", "1"});
    const std::string& text = table.out;
    REQUIRE(std::count(text.begin(), text.end(), '\n') == 13);
    REQUIRE(daemon.ctl({"run", "metrics", "2"}).status == 3);
    REQUIRE(daemon.ctl({"--json", "run", "metrics", "1", "--csv"}).status == 2);
}

TEST_CASE("runs that are over are removed with their folders, others are not") {
    Daemon daemon;
    train(daemon);
    train(daemon);
    REQUIRE(daemon.ctl({"run", "start", daemon.write("run.toml", endless_run).string()}).status ==
            0);
    const std::filesystem::path runs = daemon.state_dir() / "runs";
    const Finished refused = daemon.ctl({"run", "remove", "1", "3"});
    REQUIRE(refused.status == 6);
    REQUIRE(contains(refused.err, "run 3 is "));
    REQUIRE(daemon.ctl({"run", "remove", "1", "7"}).status == 3);
    REQUIRE(daemon.ctl({"run", "remove"}).status == 2);
    REQUIRE(listed(daemon, {}) == Runs{3, 2, 1});
    REQUIRE(std::filesystem::exists(runs / "1"));

    REQUIRE(json::parse(daemon.ctl({"--json", "run", "remove", "1", "2"}).out)["runs"] ==
            json({1, 2}));
    REQUIRE(listed(daemon, {}) == Runs{3});
    REQUIRE_FALSE(std::filesystem::exists(runs / "1"));
    REQUIRE_FALSE(std::filesystem::exists(runs / "2"));
    REQUIRE(std::filesystem::exists(runs / "3"));
    REQUIRE(daemon.ctl({"run", "show", "1"}).status == 3);
}

TEST_CASE("retention removes what is too many when a run ends, and at the start") {
    Daemon daemon("[retention]\nkeep_runs = 2\n" + noisy_cavity);
    for (int i = 0; i < 3; ++i) {
        train(daemon);
    }
    REQUIRE(listed(daemon, {}) == Runs{3, 2});
    REQUIRE_FALSE(std::filesystem::exists(daemon.state_dir() / "runs" / "1"));
    REQUIRE(contains(daemon.log(), "run 1 was removed"));
    REQUIRE(daemon.ctl({"run", "start", daemon.write("run.toml", endless_run).string()}).status ==
            0);
    REQUIRE(daemon.stop() == 0);
    daemon.configure("[retention]\nkeep_runs = 1\n" + noisy_cavity);
    daemon.start();
    REQUIRE(listed(daemon, {}) == Runs{4, 3}); // run 4 is not over
    REQUIRE(daemon.stop() == 0);
    daemon.configure("[retention]\nkeep_days = 1e-9\n" + noisy_cavity);
    daemon.start();
    REQUIRE(listed(daemon, {}) == Runs{4});
}
