// Runs on virtual instruments that go away under them.

#include "sim/bench/electronic/electronic_bench.hpp"
#include "tests/integration/json_lines.hpp"
#include "tests/support/await.hpp"
#include "tests/support/process.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <cmath>
#include <string>

using namespace phyll;
using bench::Fault;
using nlohmann::json;
using test::Daemon;

namespace {

const std::string vowels = R"(
seed = 2
[data]
kind = "vowels"
training_samples = 42
test_samples = 200
label_entries = 8
[training]
schedule = "greedy"
epochs = 12
[[layers]]
rig = "ladder"
[[layers]]
rig = "ladder"
skip = true
)";

class Lab {
  public:
    Lab() { REQUIRE(daemon.ctl({"rig", "calibrate", "ladder"}).status == 0); }

    /// Starts a run; its number.
    std::string start(const char* where) {
        const std::string file = daemon.write("vowels.toml", vowels).string();
        const auto started = daemon.ctl({"--json", "run", "start", file, where});
        REQUIRE(started.status == 0);
        return std::to_string(test::lines_of(started.out).back()["run"].get<int>());
    }
    json show(const std::string& run) const {
        return json::parse(daemon.ctl({"--json", "run", "show", run}).out);
    }
    /// Waits for its end.
    json result(const std::string& run) const {
        static_cast<void>(daemon.ctl({"--json", "run", "watch", run}));
        return show(run);
    }
    [[nodiscard]] bool output_on() { return bench.status("generator").outputs.at(0).on; }

    test::TempDir locks;
    bench::Bench bench{*bench::electronic_plan({})};
    Daemon daemon{"lock_dir = \"" + locks.path().string() + "\"\n" + bench.config()};
};

} // namespace

TEST_CASE("a run whose instrument goes away is held with the output off, goes on, and ends") {
    Lab lab;
    const Fault fault = GENERATE(Fault::power_cycle, Fault::disconnect);
    const std::string instrument = GENERATE(as<std::string>(), "digitiser", "generator");
    CAPTURE(instrument, static_cast<int>(fault));
    // A connection that breaks is there again at once, an instrument only after a while.
    lab.bench.misbehave(instrument, {.fault = fault, .at = 60, .seconds = Seconds(1)});
    const std::string run = lab.start("--yes");
    // Looked at while it is held, where this is quick enough to see it so twice.
    bool driven = false;
    test::await([&] {
        const std::string before = lab.show(run)["state"];
        const bool on = lab.output_on();
        const bool held = before == "held" && lab.show(run)["state"] == "held";
        driven = driven || (held && on);
        return held || before == "succeeded" || before == "failed";
    });
    const json ended = lab.result(run);
    REQUIRE(ended["state"] == "succeeded");
    REQUIRE(ended["evidence"] == "virtual instruments");
    REQUIRE_FALSE(driven);
    REQUIRE(ended["holds"].get<int>() >= 1);
    test::await([&] { return !lab.output_on(); }); // as soon as the rig is given up
}

TEST_CASE("a run learns on instruments what it learns on their simulation") {
    Lab lab;
    const json real = lab.result(lab.start("--yes"));
    const json simulated = lab.result(lab.start("--simulate"));
    REQUIRE(real["state"] == "succeeded");
    REQUIRE(real["evidence"] == "virtual instruments");
    REQUIRE(simulated["evidence"] == "simulation");
    CHECK(std::abs(real["test_accuracy"].get<double>() -
                   simulated["test_accuracy"].get<double>()) <= 0.03);
    CHECK(real["test_accuracy"].get<double>() > 0.6);
}
