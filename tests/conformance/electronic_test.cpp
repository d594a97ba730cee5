// The electronic rig of real drivers, on virtual instruments behind real sockets.
#include "sim/rigs/electronic/electronic.pb.h"
#include "tests/conformance/suite.hpp"
#include "tests/conformance/with_lab.hpp"
#include "tests/unit/sim/support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>

using namespace phyll;
using conformance::ElectronicBench;
using conformance::quantity;
using test::largest_difference;

namespace {

/// A step of the digitiser: 12 bits over 2 V.
constexpr double resolution = 2.0 / 4096;

} // namespace

TEST_CASE("instruments without noise answer as the simulation does, to their resolution") {
    const SystemClock clock;
    ElectronicBench bench;
    const auto rig = bench.rig(clock);
    Workers workers(1);
    const auto simulated = test::default_rig("electronic", workers);
    const OwnedBlock x = test::uniform_stimuli(rig->spec(), 40);
    const OwnedBlock measured = test::answer(*rig, x);
    const OwnedBlock computed = test::answer(*simulated, x);
    REQUIRE(largest_difference(measured.view(), computed.view()) < 1.1 * resolution);
}

TEST_CASE("the electronic rig on Keysight instruments keeps the contract") {
    conformance::check_contract(conformance::on_instruments<ElectronicBench>(
        phyll::bench::ElectronicBench{}, "", 1.1 * resolution));
}

TEST_CASE("the electronic rig on noisy instruments keeps the contract within the noise") {
    phyll::bench::ElectronicBench kind;
    kind.nature.noise = 1e-3;
    conformance::check_contract(conformance::on_instruments<ElectronicBench>(kind, "", 1e-2));
}

TEST_CASE("the electronic rig on Rigol instruments keeps the contract") {
    phyll::bench::ElectronicBench kind;
    kind.generator = "rigol-dg1000z";
    kind.digitiser = "rigol-mso5000";
    conformance::check_contract(
        conformance::on_instruments<ElectronicBench>(kind, "trigger_channel = 3", 2.2 * 2 / 256));
}

TEST_CASE("a lab's own dialect is a file, here one with the low byte first") {
    const SystemClock clock;
    ElectronicBench bench;
    const auto built_in = bench.rig(clock);
    const OwnedBlock x = test::uniform_stimuli(built_in->spec(), 3);
    const OwnedBlock expected = test::answer(*built_in, x);
    for (instruments::Instrument* instrument : built_in->instruments()) {
        instrument->shut(); // and so gives up its lock
    }
    bench.set_dialect(PHYLL_EXAMPLES_DIR "/adding-an-instrument/33500-low-byte-first.toml");
    const auto own = bench.rig(clock);
    REQUIRE(largest_difference(expected.view(), test::answer(*own, x).view()) < 1.1 * resolution);
    REQUIRE(own->instruments().at(0)->status().dialect.ends_with("low-byte-first.toml"));
}

TEST_CASE("samples that follow each other remember what was before them") {
    const SystemClock clock;
    ElectronicBench bench;
    const auto rig = bench.rig(clock);
    const OwnedBlock x = test::uniform_stimuli(rig->spec(), 20);
    QueryContext follow;
    follow.follow = true;
    const OwnedBlock measured = test::answer(*rig, x, follow);

    // The same as one long sample of the simulation.
    sim::v1::ElectronicOptions options;
    options.set_dac_samples(400);
    Workers workers(1);
    const auto simulated = test::kind_named("electronic").make(options, {.workers = &workers});
    OwnedBlock computed(simulated->spec().n_out(), 1);
    simulated->query(ConstBlock(x.view().values().data(), 400, 1), computed.view(), {});
    REQUIRE(measured.view().values().size() == computed.view().values().size());
    REQUIRE(largest_difference(measured.view(), computed.view()) < 1.1 * resolution);
    REQUIRE(largest_difference(measured.view(), test::answer(*rig, x).view()) > 0.05);
}

TEST_CASE("an uncalibrated rig measures nothing, a reading at the digitiser's end is none") {
    const SystemClock clock;
    ElectronicBench bench({}, "adc_range = 0.2");
    const auto rig = bench.rig(clock, false);
    const OwnedBlock x = test::uniform_stimuli(rig->spec(), 3);
    REQUIRE_THROWS_WITH(test::answer(*rig, x), Catch::Contains("not calibrated"));
    rig->use(rig->nominal());
    REQUIRE_THROWS_WITH(test::answer(*rig, x),
                        Catch::Contains("range of 0.2 V") && Catch::Contains("adc_range"));
    rigs::Calibration wrong = rig->nominal();
    wrong.quantities.at(1).value = 0.01;
    REQUIRE_THROWS_WITH(rig->use(wrong), Catch::Contains("scale: 0.01"));
    wrong.quantities.clear();
    REQUIRE_THROWS_WITH(rig->use(wrong), Catch::Contains("missing"));
}

TEST_CASE("what exceeds a limit of the drive never reaches the generator") {
    const SystemClock clock;
    const auto options = GENERATE(as<std::string>(), "limit_rms = 1.05", "limit_duty = 0.12");
    CAPTURE(options);
    ElectronicBench bench({}, options);
    const auto rig = bench.rig(clock, false);
    rig->use(rig->nominal());
    OwnedBlock x(rig->spec().n_in(), 1);
    // At 0 V only the marker drives, however many of its bits are set.
    std::ranges::fill(x.view().values(), 0.4F);
    REQUIRE_NOTHROW(test::answer(*rig, x));
    const std::uint64_t before = bench.bench().status("generator").figures.at(0).value;
    std::ranges::fill(x.view().values(), 1.0F);
    REQUIRE(test::code_of([&] { test::answer(*rig, x); }) == Code::out_of_range);
    REQUIRE(bench.bench().status("generator").figures.at(0).value == before);
    REQUIRE(rig->spec().limits.size() == 2);
}

TEST_CASE("what is not reached is a fault and unknown, and known when it comes") {
    const SystemClock clock;
    ElectronicBench bench;
    const auto switched_off_for = [&](double seconds) {
        bench.bench().misbehave(
            "generator", {.fault = phyll::bench::Fault::power_cycle, .seconds = Seconds(seconds)});
    };
    switched_off_for(3600);
    const auto rig = bench.rig(clock, false);
    REQUIRE(bench.bench().messages("digitiser") == 0); // it is built without reaching any
    REQUIRE(rig->spec().evidence == Evidence::virtual_instruments);
    REQUIRE(rig->make_safe().state == SafeState::State::unknown);
    REQUIRE(rig->health().state == Health::State::fault);
    REQUIRE(rig->spec().evidence_of.find("generator, not reached yet") != std::string::npos);
    switched_off_for(0);
    REQUIRE(rig->make_safe().state == SafeState::State::safe);
    rig->recover(Deadline::never(), {});
    REQUIRE(rig->health().state == Health::State::ready);
    REQUIRE(rig->spec().evidence_of.find("serial PHYLLSIM-G") != std::string::npos);
    REQUIRE(rig->spec().evidence_of.find("serial PHYLLSIM-D") != std::string::npos);
}

TEST_CASE("a calibration measures what is true of the bench") {
    const SystemClock clock;
    phyll::bench::ElectronicBench kind;
    kind.latency = Seconds(7.3e-6);
    kind.output = {.gain = 1.02, .offset = 0.03};
    ElectronicBench bench(kind);
    const auto rig = bench.rig(clock, false);
    const rigs::Calibration calibration = rig->calibrate({});
    CHECK(quantity(calibration, "latency") == Approx(7.3e-6).margin(2e-9));
    CHECK(quantity(calibration, "scale") == Approx(1.02).margin(1e-3));
    CHECK(quantity(calibration, "offset") == Approx(0.03).margin(2e-3));
    CHECK(quantity(calibration, "rest") > 1e-3);
    CHECK(quantity(calibration, "rest") < 15e-3);
    Workers workers(1);
    const auto simulated = test::default_rig("electronic", workers);
    const OwnedBlock x = test::uniform_stimuli(rig->spec(), 16);
    CHECK(largest_difference(test::answer(*rig, x).view(), test::answer(*simulated, x).view()) <
          3 * resolution);
}
