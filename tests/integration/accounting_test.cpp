// What a run costs, as phyllctl shows it.

#include "tests/integration/json_lines.hpp"
#include "tests/integration/run_files.hpp"
#include "tests/support/await.hpp"
#include "tests/support/process.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using Catch::Matchers::Contains;
using nlohmann::json;
using phyll::test::await;
using phyll::test::Daemon;
using phyll::test::endless_run;
using phyll::test::Finished;
using phyll::test::lines_of;
using phyll::test::short_run;

namespace {

constexpr const char* lab_with_watts = R"(
digital_power = 50
[[rigs]]
name = "cavity"
kind = "acoustic"
power = 30
)";

std::vector<json> watch_short_run(const Daemon& daemon) {
    const Finished finished = daemon.ctl(
        {"--json", "run", "start", daemon.write("run.toml", short_run).string(), "--watch"});
    INFO(finished.out << finished.err);
    REQUIRE(finished.status == 0);
    return lines_of(finished.out);
}

} // namespace

TEST_CASE("a run's account is shown per layer and in total, and energy from stated watts") {
    Daemon daemon(lab_with_watts);
    const json result = watch_short_run(daemon).back();
    REQUIRE(result["state"] == "succeeded");
    double hardware = 0.0;
    double digital = 0.0;
    double operations = 0.0;
    double busy = 0.0;
    for (const json& layer : result["layers"]) {
        REQUIRE(layer["hardware_seconds"] > 0.0);
        REQUIRE(layer["digital_seconds"] > 0.0);
        REQUIRE(layer["wait_seconds"] >= 0.0);
        busy += layer["hardware_seconds"].get<double>();
        REQUIRE(layer["hardware_joules"] == Approx(30 * layer["hardware_seconds"].get<double>()));
        REQUIRE(layer["digital_joules"] == Approx(50 * layer["digital_seconds"].get<double>()));
        hardware += layer["hardware_joules"].get<double>();
        digital += layer["digital_seconds"].get<double>();
        operations += layer["operations"].get<double>();
    }
    // While a rig is busy it is waited for, or something is computed.
    REQUIRE(result["wait_seconds"].get<double>() + digital >= busy);
    REQUIRE(result["hardware_joules"] == Approx(hardware));
    REQUIRE(result["digital_seconds"] == Approx(digital));
    REQUIRE(result["operations"] == operations);
    REQUIRE(result["reused"] ==
            result["layers"][0]["reused"].get<int>() + result["layers"][1]["reused"].get<int>());
    REQUIRE(result["wait_share"] > 0.0);
    REQUIRE(result["wait_share"] < 1.0);
    REQUIRE(result["active_seconds"].get<double>() >=
            result["wait_seconds"].get<double>() + digital);
    const std::string shown = daemon.ctl({"run", "show", "1"}).out;
    REQUIRE_THAT(shown, Contains("from stated watts") && Contains("RIG ENERGY") &&
                            Contains("OPERATIONS") && Contains("\n  total "));

    // What is stated about power changes neither the device nor what is learned.
    daemon.stop();
    daemon.configure("[[rigs]]\nname = \"cavity\"\nkind = \"acoustic\"\n");
    daemon.start();
    const json again = watch_short_run(daemon).back();
    REQUIRE(again["weights_sha256"] == result["weights_sha256"]);
    REQUIRE(again["operations"] == result["operations"]);
    REQUIRE_FALSE(again.contains("hardware_joules"));
    REQUIRE_FALSE(again["layers"][0].contains("digital_joules"));
    REQUIRE_THAT(daemon.ctl({"run", "show", "2"}).out, !Contains("stated watts"));
    REQUIRE(json::parse(daemon.ctl({"--json", "rigs"}).out)["era"] == 1);
    const json diff = json::parse(daemon.ctl({"--json", "run", "diff", "1", "2"}).out);
    REQUIRE(diff["same"] == true);
}

TEST_CASE("a run under way says what it has cost so far, and goes on saying so when it is paused") {
    Daemon daemon(lab_with_watts);
    REQUIRE(daemon.ctl({"run", "start", daemon.write("run.toml", endless_run).string()}).status ==
            0);
    json so_far;
    await([&] {
        const json run = json::parse(daemon.ctl({"--json", "run", "show", "1"}).out);
        so_far = run.contains("progress") ? run["progress"]["so_far"] : json::object();
        return so_far.value("operations", 0.0) > 0.0;
    });
    REQUIRE(so_far["training_queries"] > 0);
    REQUIRE(so_far["layers"].size() == 2);
    REQUIRE(so_far["layers"][0]["hardware_joules"] > 0.0);
    REQUIRE(so_far["wait_share"] > 0.0);
    std::vector<json> epochs;
    await([&] {
        epochs = lines_of(daemon.ctl({"--json", "run", "metrics", "1"}).out);
        return !epochs.empty();
    });
    REQUIRE(epochs.front()["operations"] > 0.0);
    REQUIRE(epochs.front()["hardware_joules"] > 0.0);
    REQUIRE(daemon.ctl({"run", "pause", "1"}).status == 0);
    const std::string shown = daemon.ctl({"run", "show", "1"}).out;
    REQUIRE_THAT(shown, Contains("run 1 is paused") && Contains("from stated watts") &&
                            Contains("waiting ") && Contains("\n  total "));
    const json paused = json::parse(daemon.ctl({"--json", "run", "show", "1"}).out);
    REQUIRE(paused["progress"]["so_far"]["operations"] >= so_far["operations"]);
}
