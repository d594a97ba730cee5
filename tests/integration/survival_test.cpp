#include "tests/integration/json_lines.hpp"
#include "tests/integration/run_files.hpp"
#include "tests/support/process.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <sstream>

using nlohmann::json;
using phyll::test::Daemon;
using phyll::test::endless_run;
using phyll::test::Process;
using phyll::test::show;

namespace {

/// The epochs that a watcher is told of, up to `count`, with the events' numbers.
std::vector<json> first_epochs(const Daemon& daemon, std::size_t count) {
    Process watch(daemon.ctl_command({"--json", "run", "watch", "1"}),
                  daemon.folder() / "watch.log");
    std::vector<json> epochs;
    while (epochs.size() < count) {
        const json line = json::parse(watch.read_line());
        if (line["event"] == "epoch") {
            epochs.push_back(
                {{"number", line["number"]}, {"step", line["step"]}, {"loss", line["loss"]}});
        }
    }
    return epochs;
}

} // namespace

TEST_CASE("a stopped daemon sends its run back to the queue and starts it again when it is back") {
    Daemon daemon;
    REQUIRE(daemon.ctl({"run", "start", daemon.write("run.toml", endless_run).string()}).status ==
            0);
    static_cast<void>(first_epochs(daemon, 3));
    REQUIRE(daemon.stop() == 0);
    REQUIRE(daemon.log().find("run 1 goes back to the queue") != std::string::npos);
    daemon.start();
    const json run = show(daemon);
    REQUIRE(run["interruptions"] == 1);
    REQUIRE(daemon.ctl({"run", "cancel", "1"}).status == 0);
    REQUIRE(show(daemon)["state"] == "cancelled");
    daemon.stop();
    daemon.start();
    REQUIRE(show(daemon)["state"] == "cancelled"); // it stays so
}

TEST_CASE("events and metrics survive kill -9, and the run goes on by itself") {
    Daemon daemon;
    REQUIRE(daemon.ctl({"run", "start", daemon.write("run.toml", endless_run).string()}).status ==
            0);
    const std::vector<json> before = first_epochs(daemon, 10);
    daemon.kill();
    daemon.start();
    const std::vector<json> after = first_epochs(daemon, 10);
    for (std::size_t i = 0; i < 10; ++i) {
        REQUIRE(after[i]["step"] == before[i]["step"]);
        REQUIRE(after[i]["loss"] == before[i]["loss"]);
        // One that happens again is another event.
        REQUIRE((after[i] == before[i] || after[i]["number"] > before.back()["number"]));
    }
    const json run = show(daemon);
    REQUIRE(run["interruptions"] == 1);
    const json rig = json::parse([&] {
        const std::string out = daemon.ctl({"--json", "rigs"}).out;
        return out.substr(0, out.find('\n'));
    }());
    REQUIRE(rig["holder"] == "run 1");
    REQUIRE(daemon.ctl({"run", "cancel", "1"}).status == 0);
}

TEST_CASE("a watcher learns that the daemon went away") {
    Daemon daemon;
    REQUIRE(daemon.ctl({"run", "start", daemon.write("run.toml", endless_run).string()}).status ==
            0);
    Process watch(daemon.ctl_command({"--json", "run", "watch", "1"}),
                  daemon.folder() / "watch.log");
    REQUIRE(json::parse(watch.read_line())["event"] == "snapshot");
    SECTION("stopped") {
        REQUIRE(daemon.stop() == 0);
    }
    SECTION("killed") {
        daemon.kill();
    }
    while (!watch.read_line().empty()) {
    }
    REQUIRE(watch.wait() == 4);
}
