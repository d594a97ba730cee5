// Runs on a virtual network analyser and a virtual metasurface that go away under them, and what
// else is done with such a rig.

#include "sim/bench/microwave/microwave_bench.hpp"
#include "tests/integration/run_files.hpp"
#include "tests/integration/run_lab.hpp"
#include "tests/support/await.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

using namespace phyll;
using bench::Fault;
using Catch::Contains;
using nlohmann::json;
using test::RunLab;

namespace {

/// With sentinels every so many samples.
std::string vowels(int every) {
    return test::vowels_run(R"(rig = "cavity"
encoding = { kind = "quantise", bits = 2 }
width = 20)",
                            "[sentinels]\ncount = 4\nevery = " + std::to_string(every));
}

} // namespace

TEST_CASE("a microwave run whose instrument goes away is held with RF off, goes on, and ends") {
    RunLab lab(*bench::microwave_plan({}), "cavity");
    const auto [instrument, fault] =
        GENERATE(table<std::string, Fault>({{"vna", Fault::power_cycle},
                                            {"vna", Fault::disconnect},
                                            {"metasurface", Fault::unplug},
                                            {"metasurface", Fault::power_cycle}}));
    CAPTURE(instrument, static_cast<int>(fault));
    lab.bench.misbehave(instrument, {.fault = fault, .at = 150, .seconds = Seconds(1)});
    const std::string run = lab.start(vowels(1000), "--yes");
    REQUIRE_FALSE(lab.driven_while_held(run, "vna"));
    const json ended = lab.result(run);
    REQUIRE(ended["state"] == "succeeded");
    REQUIRE(ended["evidence"] == "virtual instruments");
    REQUIRE(ended["holds"].get<int>() >= 1);
    REQUIRE(lab.figure("vna", "resets") == 0);
    test::await([&] { return !lab.output_on("vna"); }); // as soon as the rig is given up
}

TEST_CASE("a microwave run learns on instruments what it learns on their simulation") {
    RunLab lab(*bench::microwave_plan({}), "cavity");
    const json real = lab.result(lab.start(vowels(1000), "--yes"));
    const json simulated = lab.result(lab.start(vowels(1000), "--simulate"));
    REQUIRE(real["state"] == "succeeded");
    CHECK(std::abs(real["test_accuracy"].get<double>() -
                   simulated["test_accuracy"].get<double>()) <= 0.03);
    CHECK(real["test_accuracy"].get<double>() > 0.6);
}

TEST_CASE(
    "a setting that is changed at the front panel in mid-run ends the era, and the run goes on") {
    RunLab lab(*bench::microwave_plan({}), "cavity");
    lab.bench.misbehave("vna", {.fault = Fault::panel, .at = 900, .text = "SOUR:POW -5"});
    const std::string run = lab.start(vowels(20), "--yes");
    const json ended = lab.result(run);
    REQUIRE(ended["state"] == "succeeded");
    REQUIRE(ended["eras"].size() >= 1);
    REQUIRE_THAT(ended.dump(), Contains("somebody changed a setting") && Contains("-10"));
    REQUIRE(lab.figure("vna", "resets") == 0);
    // What it learnt is measured and learnt again from its own journal.
    const auto replayed = lab.daemon.ctl({"--json", "run", "replay", run});
    REQUIRE(replayed.status == 0);
    const json replay =
        lab.result(std::to_string(test::lines_of(replayed.out).back()["run"].get<int>()));
    REQUIRE(replay["state"] == "succeeded");
    REQUIRE(replay["weights_sha256"] == ended["weights_sha256"]);
}

TEST_CASE("a snapshot is a Touchstone file that scikit-rf reads, and a picture") {
    RunLab lab(*bench::microwave_plan({}), "cavity");
    const std::string name = lab.daemon.write("here", "").string();
    const auto saved = lab.daemon.ctl({"--json", "rig", "snapshot", "cavity", "--out", name});
    REQUIRE(saved.err.empty());
    REQUIRE(saved.status == 0);
    REQUIRE(json::parse(saved.out)["files"] == json{name + ".s2p", name + ".png"});
    std::ifstream picture(name + ".png", std::ios::binary);
    std::string signature(8, '\0');
    picture.read(signature.data(), 8);
    REQUIRE(signature == "\x89PNG\r\n\x1a\n");
    REQUIRE(std::filesystem::file_size(name + ".png") > 5000);
    REQUIRE_FALSE(lab.output_on("vna"));

    const std::string python = "/usr/bin/python3";
    if (test::run_command({python, "-c", "import skrf"}).status != 0) {
        WARN("not tested: python3-scikit-rf is not installed");
        return;
    }
    constexpr const char* script = R"(
import json, sys, skrf
sweep = skrf.Network(sys.argv[1])
print(json.dumps({"points": len(sweep.f), "first": sweep.f[0], "last": sweep.f[-1], "ports": sweep.nports,
    "reciprocal": bool(abs(sweep.s[:, 0, 1] - sweep.s[:, 1, 0]).max() < 1e-5),
    "passive": bool(sweep.is_passive()), "z0": sweep.z0[0, 0].real}))
)";
    const auto read =
        test::run_command({python, lab.daemon.write("read.py", script).string(), name + ".s2p"});
    REQUIRE(read.status == 0);
    // What it says before is about pictures that it could draw.
    REQUIRE(json::parse(read.out.substr(read.out.find('{'))) == json{{"points", 60},
                                                                     {"first", 4.68e9},
                                                                     {"last", 5.72e9},
                                                                     {"ports", 2},
                                                                     {"reciprocal", true},
                                                                     {"passive", true},
                                                                     {"z0", 50.0}});
}

TEST_CASE("what a calibration of the microwave rig measured is shown") {
    RunLab lab(*bench::microwave_plan({}), "cavity");
    const auto calibrated = lab.daemon.ctl({"rig", "calibrate", "cavity"});
    REQUIRE_THAT(calibrated.out, Contains("effect of each meta-atom: 40 values from"));
    const json shown = json::parse(lab.daemon.ctl({"--json", "rigs", "cavity"}).out);
    REQUIRE(shown.at("calibration").at("series").size() == 3);
}
