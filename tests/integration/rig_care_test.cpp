// What befalls rigs while the daemon serves, as a person at the prompt has it.

#include "tests/integration/json_lines.hpp"
#include "tests/support/await.hpp"
#include "tests/support/process.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <string>
#include <vector>

using namespace phyll;
using nlohmann::json;
using test::Daemon;
using test::Finished;

namespace {

const std::string two_ladders = R"(
[[rigs]]
name = "ladder"
kind = "electronic"
[[rigs]]
name = "displaced"
kind = "electronic"
simulation = { perturb = 0.1 }
)";

/// The responses of a rig to one stimulus, as text.
Finished ask(const Daemon& daemon, const std::string& rig) {
    const auto in = daemon.write(
        "in.csv",
        "0.1,0.9,0.5,0.3,0.2,0.7,0.4,0.8,0.6,0.1,0.1,0.9,0.5,0.3,0.2,0.7,0.4,0.8,0.6,0.1");
    return daemon.ctl({"query", rig, "--in", in.string(), "--key", "1", "--wait"});
}

/// phyllctl by the ipc socket, where callers are administrators.
Finished admin(const Daemon& daemon, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {PHYLL_BIN_DIR "/phyllctl", "--endpoint", daemon.ipc()});
    return test::run_command(arguments);
}

json rig_of(const Daemon& daemon, const std::string& rig) {
    return json::parse(daemon.ctl({"--json", "rigs", rig}).out);
}

} // namespace

TEST_CASE("a simulated rig is displaced while it serves, says so, and is itself again") {
    Daemon daemon(two_ladders);
    const std::string nominal = ask(daemon, "ladder").out;
    const std::string displaced = ask(daemon, "displaced").out;
    REQUIRE(nominal != displaced);
    REQUIRE(rig_of(daemon, "ladder")["health_reason"] == "");

    const Finished moved = admin(daemon, {"--json", "rig", "perturb", "ladder", "0.1"});
    REQUIRE(moved.status == 0);
    REQUIRE(json::parse(moved.out)["amount"].get<double>() > 0.0);
    REQUIRE(ask(daemon, "ladder").out == displaced);
    REQUIRE(rig_of(daemon, "ladder")["health"] == "ready");
    REQUIRE(rig_of(daemon, "ladder")["health_reason"].get<std::string>().starts_with(
        "perturbed by 0.1: displaced by "));
    REQUIRE(daemon.ctl({"rigs", "ladder"}).out.find("perturbed by 0.1: ") != std::string::npos);

    const Finished back = admin(daemon, {"rig", "perturb", "ladder", "0"});
    REQUIRE(back.out == "ladder is perturbed by 0: displaced by 0 of its own steps\n");
    REQUIRE(ask(daemon, "ladder").out == nominal);
    REQUIRE(rig_of(daemon, "ladder")["health_reason"] == "");

    const Finished too_far = admin(daemon, {"rig", "perturb", "ladder", "0.9"});
    REQUIRE(too_far.status == 6);
    REQUIRE(too_far.err.find("perturb 0.9 cannot be reached on this device: the largest that can "
                             "is 0.4") != std::string::npos);
    REQUIRE(admin(daemon, {"rig", "perturb", "ladder", "-0.1"}).status == 2);
    REQUIRE(admin(daemon, {"rig", "perturb", "lader", "0.1"}).status == 3);
    REQUIRE(ask(daemon, "ladder").out == nominal);
    // Only administrators displace rigs: not whoever comes over TCP.
    const Finished refused = daemon.ctl({"rig", "perturb", "ladder", "0.1"});
    REQUIRE(refused.status == 6);
    REQUIRE(refused.err.find("needs ROLE_ADMIN") != std::string::npos);
}

TEST_CASE("a recording can neither be displaced nor made to fail") {
    const test::TempDir folder;
    std::ofstream(folder.path() / "x.csv") << "left,right\n0,1\n1,0\n1,1\n";
    std::ofstream(folder.path() / "y.csv") << "sound\n1\n2\n3\n";
    const Daemon daemon("data_dir = \"" + folder.path().string() + R"("
[[rigs]]
name = "tape"
kind = "replay"
[rigs.options.recording]
stimuli = "x.csv"
responses = "y.csv"
)");
    const Finished moved = admin(daemon, {"rig", "perturb", "tape", "0.1"});
    CAPTURE(moved.err);
    REQUIRE(moved.status == 6);
    REQUIRE(moved.err.find("tape is a recording; only simulated rigs can be displaced or made to "
                           "fail") != std::string::npos);
    REQUIRE(admin(daemon, {"rig", "fault", "tape", "fail"}).status == 6);
}

TEST_CASE("faults are planned while a rig serves, counted from its next query") {
    Daemon daemon(two_ladders);
    REQUIRE(ask(daemon, "ladder").status == 0);
    const Finished planned =
        admin(daemon, {"rig", "fault", "ladder", "fail", "--count", "2", "--after", "1"});
    REQUIRE(planned.out == "ladder will have the fault 'fail' after 1 more query, count 2\n");
    REQUIRE(ask(daemon, "ladder").status == 0);
    REQUIRE(ask(daemon, "ladder").status == 4);
    const Finished failed = ask(daemon, "ladder");
    REQUIRE(failed.status == 4);
    REQUIRE(failed.err.find("failed (simulated)") != std::string::npos);
    REQUIRE(ask(daemon, "ladder").status == 0);

    REQUIRE(json::parse(admin(daemon, {"--json", "rig", "fault", "ladder", "not_finite"}).out) ==
            json{{"event", "fault_planned"},
                 {"rig", "ladder"},
                 {"kind", "not_finite"},
                 {"count", 1},
                 {"after", 0}});
    REQUIRE(ask(daemon, "ladder").err.find("the rig answered nan") != std::string::npos);
    const Finished unknown = admin(daemon, {"rig", "fault", "ladder", "explode"});
    REQUIRE(unknown.status == 2);
    REQUIRE(unknown.err.find("kind: 'explode'; valid is 'fail', 'hang', 'stuck', ") !=
            std::string::npos);
}

TEST_CASE("a driver that does not return costs its rig, and the daemon ends in order") {
    Daemon daemon(R"(
[[rigs]]
name = "box"
kind = "echo"
simulation = { faults = [{ kind = "stuck", at_query = 0 }] }
[[rigs]]
name = "other"
kind = "echo"
)");
    const auto in = daemon.write("in.csv", "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n");
    const auto ask_for = [&](const std::string& rig) {
        return daemon.ctl_command({"query", rig, "--in", in.string(), "--wait"});
    };
    SECTION("given up while it serves") {
        // Its client gives up; a grace of 5 s later so does the rig.
        std::vector<std::string> impatient = ask_for("box");
        impatient.insert(impatient.end(), {"--timeout", "0.05"});
        REQUIRE(test::run_command(impatient).status == 7);
        test::await([&] { return rig_of(daemon, "box")["health"] == "fault"; });
        const json box = rig_of(daemon, "box");
        REQUIRE(box["safe"] == false);
        REQUIRE(box["health_reason"].get<std::string>().starts_with(
            "its driver did not return from a query within 5"));
        const Finished refused = test::run_command(ask_for("box"));
        REQUIRE(refused.status == 4);
        REQUIRE(refused.err.find("rig 'box' cannot be used: its driver did not return from a "
                                 "query within 5") != std::string::npos);
        REQUIRE(daemon.ctl({"rig", "characterise", "box"}).status == 4);
        const Finished stopped = daemon.ctl({"--json", "stop", "box", "--note", "smoke"});
        REQUIRE(stopped.status == 4);
        REQUIRE(json::parse(stopped.out)["safe"] == false);
        REQUIRE(json::parse(stopped.out)["safe_reason"].get<std::string>().starts_with(
            "its driver did not return from a query within 5"));
        REQUIRE(json::parse(stopped.out)["blocks"][0]["kind"] == "stopped");
        REQUIRE(test::run_command(ask_for("other")).status == 0);
        REQUIRE(daemon.log().find("rig 'box' cannot be used: its driver did not return") !=
                std::string::npos);
        REQUIRE(daemon.stop() == 0);
    }
    SECTION("given up as the daemon ends") {
        test::Process query(ask_for("box"), daemon.folder() / "query.log");
        test::await([&] { return rig_of(daemon, "box")["age"] == 1; });
        REQUIRE(daemon.stop() == 0);
        REQUIRE(query.wait() == 4);
    }
    // Rigs and ages are those that were left.
    daemon.start();
    REQUIRE(rig_of(daemon, "box")["age"] == 1);
    REQUIRE(rig_of(daemon, "box")["health"] == "ready");
}

TEST_CASE("touching a rig ends its era, and so does another configuration") {
    Daemon daemon(two_ladders);
    const json first = rig_of(daemon, "ladder");
    REQUIRE(first["era"] == 1);
    REQUIRE(first["era_since"] == 0);
    REQUIRE(first["era_reason"] == "");
    REQUIRE(daemon.ctl({"rigs", "ladder"}).out.find("era 1, since ever\n") != std::string::npos);

    REQUIRE(daemon.ctl({"rig", "touched", "ladder"}).status == 2);
    REQUIRE(daemon.ctl({"rig", "touched", "ladder", "--note", ""}).status == 2);
    REQUIRE(daemon.ctl({"rig", "touched", "lader", "--note", "x"}).status == 3);
    REQUIRE(rig_of(daemon, "ladder")["era"] == 1);
    const Finished touched =
        daemon.ctl({"--json", "rig", "touched", "ladder", "--note", "new diodes"});
    REQUIRE(touched.status == 0);
    REQUIRE(json::parse(touched.out)["era"] == 2);
    const json second = rig_of(daemon, "ladder");
    REQUIRE(second["era"] == 2);
    REQUIRE(second["era_since"].get<double>() > 1e9);
    REQUIRE(second["era_reason"] == "touched: new diodes");
    REQUIRE(daemon.ctl({"rigs", "ladder"}).out.find(": touched: new diodes\n") !=
            std::string::npos);
    REQUIRE(rig_of(daemon, "displaced")["era"] == 1);

    // The same after a restart, and after one that nobody asked for.
    REQUIRE(daemon.stop() == 0);
    daemon.start();
    REQUIRE(rig_of(daemon, "ladder") == second);
    daemon.kill();
    std::string changed = two_ladders;
    changed.replace(changed.find("0.1"), 3, "0.2");
    daemon.configure(changed);
    daemon.start();
    REQUIRE(rig_of(daemon, "ladder") == second);
    const json displaced = rig_of(daemon, "displaced");
    REQUIRE(displaced["era"] == 2);
    REQUIRE(displaced["era_reason"] == "the configuration changed");
}
