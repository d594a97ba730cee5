// Rigs whose instruments are reached over USBTMC: the real libusb, on devices that are emulated for
// this process.
#include "sim/bench/usb/over_usb.hpp"
#include "tests/conformance/misbehaving.hpp"
#include "tests/conformance/suite.hpp"
#include "tests/conformance/with_lab.hpp"
#include "tests/support/nightly.hpp"
#include "tests/unit/sim/support.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <utility>

using namespace phyll;
using namespace phyll::conformance;
using phyll::bench::Fault;

namespace {

/// A step of the digitiser: 12 bits over 2 V.
constexpr double step = 2.0 / 4096;
/// What the way of a sweep through floats is off by.
constexpr double resolution = 1e-5;

std::unique_ptr<VirtualLab> electronic(const std::string& options = "") {
    return std::make_unique<VirtualLab>(
        *phyll::bench::usb::over_usb(phyll::bench::electronic_plan({})), "electronic-instruments",
        options);
}

std::unique_ptr<VirtualLab> microwave() {
    return std::make_unique<VirtualLab>(
        *phyll::bench::usb::over_usb(phyll::bench::microwave_plan({})), "microwave-instruments",
        "points = 8\nsettle_time = 0.0");
}

/// One that takes three waveforms for a query.
Misbehaving electronic_rig() {
    return {electronic("samples_per_record = 2"), static_cast<float>(1.1 * step)};
}

/// Calibrated, where answers without it differ.
Subject on(std::unique_ptr<VirtualLab> (*make)(), bool calibrated, double tolerance) {
    return {
        .make = [make, calibrated](Workers&, const Clock& clock) -> std::unique_ptr<PhysicalLayer> {
            auto lab = make();
            auto rig = lab->rig(clock, calibrated);
            if (!calibrated) {
                rig->use(rig->nominal());
                // Another lab may be made before this one is asked: a process sees the USB devices
                // of the last one only, but keeps those that it has open.
                rig->recover(Deadline::never(), {});
            }
            return std::make_unique<WithLab>(std::move(lab), std::move(rig));
        },
        .tolerance = tolerance};
}

} // namespace

TEST_CASE("usb: the electronic rig keeps the contract") {
    check_contract(on([] { return electronic(); }, true, 1.1 * step));
}

TEST_CASE("usb: the microwave rig keeps the contract", "[long]") {
    check_contract(on(microwave, false, resolution));
}

TEST_CASE("usb: a plug that is pulled at any message to the electronic rig is survived", "[long]") {
    const Fault fault = GENERATE(Fault::disconnect, Fault::unplug, Fault::power_cycle);
    CAPTURE(static_cast<int>(fault));
    electronic_rig().check_every_message(fault, 11);
}

TEST_CASE("usb: transfers that fail at any message to the electronic rig are survived", "[long]") {
    const auto [fault, every] = GENERATE(table<Fault, std::uint64_t>(
        {{Fault::drop, 11}, {Fault::stall, 7}, {Fault::short_read, 7}}));
    CAPTURE(static_cast<int>(fault));
    electronic_rig().check_every_message(fault, every);
}

TEST_CASE("usb: an analyser is not preset, whatever happens at any message") {
    const Fault fault =
        GENERATE(Fault::unplug, Fault::stall, Fault::short_read, Fault::drop, Fault::power_cycle);
    CAPTURE(static_cast<int>(fault));
    Misbehaving lab(microwave(), 1e-5F);
    for (std::uint64_t at = 0; at < 70; at += test::sweep_step(9)) {
        CAPTURE(at);
        static_cast<void>(lab.ask("vna", {.fault = fault, .at = at, .count = 1}));
        lab.check_recovered();
    }
    REQUIRE(lab.lab->figure("vna", "resets") == 0);
}

TEST_CASE("usb: an instrument that answers nothing any more is given up, and found again") {
    electronic_rig().check_stuck({20});
    Misbehaving(microwave(), 1e-5F).check_stuck({3});
}

TEST_CASE("usb: bytes that are changed on the way end nothing for good") {
    electronic_rig().check_corruption(13, 80);
}
