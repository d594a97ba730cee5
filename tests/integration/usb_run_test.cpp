// A run on a network analyser that is a USB device, and is unplugged under it. The daemon is the
// real one, and so is its libusb.

#include "sim/bench/microwave/microwave_bench.hpp"
#include "sim/bench/usb/over_usb.hpp"
#include "tests/integration/run_lab.hpp"
#include "tests/support/await.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <string>

using namespace phyll;
using bench::Fault;
using nlohmann::json;
using test::RunLab;

namespace {

const std::string vowels = R"(
seed = 2
[data]
kind = "vowels"
training_samples = 21
test_samples = 30
label_entries = 8
[training]
schedule = "greedy"
epochs = 4
[[layers]]
rig = "cavity"
encoding = { kind = "quantise", bits = 2 }
width = 20
)";

} // namespace

TEST_CASE("a run whose USB analyser is unplugged is held, finds it again, and ends") {
    RunLab lab(*bench::usb::over_usb(bench::microwave_plan({})), "cavity");
    REQUIRE(lab.bench.addresses().front().starts_with("USB0::0x0AAD::"));
    const Fault fault = GENERATE(Fault::unplug, Fault::power_cycle);
    CAPTURE(static_cast<int>(fault));
    lab.bench.misbehave("vna", {.fault = fault, .at = 200, .seconds = Seconds(1)});
    const std::string run = lab.start(vowels, "--yes");
    const json ended = lab.result(run);
    REQUIRE(ended["state"] == "succeeded");
    REQUIRE(ended["holds"].get<int>() >= 1);
    REQUIRE(ended["evidence"] == "virtual instruments");
    REQUIRE(lab.figure("vna", "resets") == 0);
    test::await([&] { return !lab.output_on("vna"); }); // as soon as the rig is given up
}
