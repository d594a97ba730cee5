#include "tests/integration/run_files.hpp"
#include "tests/support/process.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <sstream>

using nlohmann::json;
using phyll::test::Daemon;
using phyll::test::endless_run;
using phyll::test::Finished;
using phyll::test::Process;

namespace {

const std::string small_lab = R"(
[[rigs]]
name = "ladder"
kind = "electronic"
simulation = { noise = 0.01 }
[[rigs]]
name = "cavity"
kind = "acoustic"
)";

json last_line(const std::string& text) {
    const std::size_t end = text.rfind('\n', text.size() - 2);
    return json::parse(text.substr(end == std::string::npos ? 0 : end + 1));
}

json rig_named(const Daemon& daemon, const std::string& name) {
    std::istringstream lines(daemon.ctl({"--json", "rigs"}).out);
    for (std::string line; std::getline(lines, line);) {
        if (json rig = json::parse(line); rig["rig"] == name) {
            return rig;
        }
    }
    return nullptr;
}

} // namespace

TEST_CASE("a rig is characterised, its report is kept through a restart and shown again") {
    Daemon daemon(small_lab);
    REQUIRE(daemon.ctl({"rig", "report", "ladder"}).status == 3);
    REQUIRE(daemon.ctl({"rig", "characterise", "no-such-rig"}).status == 3);
    const Finished finished = daemon.ctl({"--json", "rig", "characterise", "ladder"});
    INFO(finished.out << finished.err);
    REQUIRE(finished.status == 0);
    const json report = last_line(finished.out);
    REQUIRE(report["event"] == "characterised");
    REQUIRE(report["evidence"] == "simulation");
    REQUIRE(report["queries"] > 1000);
    REQUIRE(report["nonlinear_share"] > 0.05);
    REQUIRE(report["exclusive_or"]["adjacent_pairs"] > 0.72);
    REQUIRE(report["exclusive_or"]["on_inputs"] == Approx(0.5).margin(0.1));
    REQUIRE(report["outputs"].size() == 20);
    REQUIRE(report["outputs"][0]["snr_db"] == Approx(40.0).margin(3.0)); // noise of 1 %
    REQUIRE(report["verdict"].get<std::string>().find("digital random features") !=
            std::string::npos);

    const json rig = rig_named(daemon, "ladder");
    REQUIRE(rig["age"] == report["queries"]);
    REQUIRE(rig["safe"] == true);
    daemon.stop();
    daemon.start();
    const Finished again = daemon.ctl({"--json", "rig", "report", "ladder"});
    REQUIRE(json::parse(again.out) == report);
    const std::string shown = daemon.ctl({"rig", "report", "ladder"}).out;
    REQUIRE(shown.find("effective rank") != std::string::npos);
    REQUIRE(shown.find("physics adds") != std::string::npos);
}

TEST_CASE("a characterisation waits for the run before it, and who gives up leaves the line") {
    Daemon daemon(small_lab);
    REQUIRE(daemon.ctl({"run", "start", daemon.write("run.toml", endless_run).string()}).status ==
            0);
    Process waiting(daemon.ctl_command({"--json", "rig", "characterise", "cavity"}),
                    daemon.folder() / "waiting.log");
    REQUIRE(json::parse(waiting.read_line())["stage"] == "waiting for run 1");
    waiting.signal(SIGINT);
    REQUIRE(waiting.wait() == 7);
    Process second(daemon.ctl_command({"--json", "rig", "characterise", "cavity"}),
                   daemon.folder() / "second.log");
    REQUIRE(json::parse(second.read_line())["stage"] == "waiting for run 1");
    REQUIRE(daemon.ctl({"run", "cancel", "1"}).status == 0);
    json stage;
    do { // its turn has come
        stage = json::parse(second.read_line());
    } while (stage["queries"] == 0);
    // Given up in the middle: the rig is safe and free for the next.
    second.signal(SIGINT);
    REQUIRE(second.wait() == 7);
    while (!rig_named(daemon, "cavity")["holder"].get<std::string>().empty()) {
    }
    REQUIRE(rig_named(daemon, "cavity")["safe"] == true);
    REQUIRE(daemon.ctl({"rig", "report", "cavity"}).status == 3);
}
