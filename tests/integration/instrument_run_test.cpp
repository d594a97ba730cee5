// Runs on virtual instruments that go away under them.

#include "sim/bench/electronic/electronic_bench.hpp"
#include "tests/integration/run_files.hpp"
#include "tests/integration/run_lab.hpp"
#include "tests/support/await.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <cmath>
#include <string>

using namespace phyll;
using bench::Fault;
using nlohmann::json;
using test::RunLab;

namespace {

const std::string vowels = test::vowels_run("rig = \"ladder\"");

} // namespace

TEST_CASE("a run whose instrument goes away is held with the output off, goes on, and ends") {
    RunLab lab(*bench::electronic_plan({}), "ladder");
    const Fault fault = GENERATE(Fault::power_cycle, Fault::disconnect);
    const std::string instrument = GENERATE(as<std::string>(), "digitiser", "generator");
    CAPTURE(instrument, static_cast<int>(fault));
    // A connection that breaks is there again at once, an instrument only after a while.
    lab.bench.misbehave(instrument, {.fault = fault, .at = 60, .seconds = Seconds(1)});
    const std::string run = lab.start(vowels, "--yes");
    REQUIRE_FALSE(lab.driven_while_held(run, "generator"));
    const json ended = lab.result(run);
    REQUIRE(ended["state"] == "succeeded");
    REQUIRE(ended["evidence"] == "virtual instruments");
    REQUIRE(ended["holds"].get<int>() >= 1);
    test::await([&] { return !lab.output_on("generator"); }); // as soon as the rig is given up
}

TEST_CASE("a run learns on instruments what it learns on their simulation") {
    RunLab lab(*bench::electronic_plan({}), "ladder");
    const json real = lab.result(lab.start(vowels, "--yes"));
    const json simulated = lab.result(lab.start(vowels, "--simulate"));
    REQUIRE(real["state"] == "succeeded");
    REQUIRE(real["evidence"] == "virtual instruments");
    REQUIRE(simulated["evidence"] == "simulation");
    CHECK(std::abs(real["test_accuracy"].get<double>() -
                   simulated["test_accuracy"].get<double>()) <= 0.03);
    CHECK(real["test_accuracy"].get<double>() > 0.6);
}
