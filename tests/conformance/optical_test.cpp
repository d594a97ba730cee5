// The optical rig of real drivers, on a virtual display behind a real socket and a virtual camera
// behind GigE Vision.
#include "tests/conformance/in_turn.hpp"
#include "tests/conformance/small_optical.hpp"
#include "tests/conformance/suite.hpp"
#include "tests/unit/sim/support.hpp"

#include "sim/rigs/optical/optical.pb.h"

#include <catch2/catch.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

using namespace phyll;
using conformance::InTurn;
using conformance::OpticalBench;
using conformance::quantity;
using conformance::small_optical_bench;
using conformance::small_optical_rig;
using phyll::bench::Fault;
using test::largest_difference;

namespace {

/// A rig that has answered stimuli.
struct Answered {
    explicit Answered(const std::string& options = {}, std::size_t samples = 4)
        : lab(small_optical_bench(), small_optical_rig + options),
          rig(lab.rig(clock)),
          x(test::uniform_stimuli(rig->spec(), samples)),
          right(test::answer(*rig, x)) {}

    /// By how much the answers to the same stimuli differ now.
    [[nodiscard]] double off() {
        return largest_difference(right.view(), test::answer(*rig, x).view());
    }

    SystemClock clock;
    OpticalBench lab;
    std::unique_ptr<rigs::InstrumentRig> rig;
    OwnedBlock x;
    OwnedBlock right;
};

} // namespace

TEST_CASE("a display and a camera without noise answer as the simulation does, count by count") {
    const SystemClock clock;
    const unsigned bits = GENERATE(8U, 16U);
    phyll::bench::OpticalBench kind = small_optical_bench();
    kind.nature.device.bits = bits;
    OpticalBench lab(kind,
                     small_optical_rig + fmt::format("bits = {}\nexposure_fixed = true\n", bits));
    const auto rig = lab.rig(clock);
    sim::v1::OpticalOptions options;
    options.set_width(6);
    options.set_height(5);
    options.set_outputs(40);
    options.set_camera_noise(0.0);
    options.set_bits(bits);
    Workers workers(1);
    const auto simulated = test::kind_named("optical").make(options, {.workers = &workers});
    const OwnedBlock x = test::uniform_stimuli(rig->spec(), 40);
    REQUIRE(largest_difference(test::answer(*rig, x).view(), test::answer(*simulated, x).view()) ==
            0.0);
    REQUIRE(rig->retaken() == 0);
}

TEST_CASE("the optical rig keeps the contract") {
    // Nothing that is measured is noisy, but the exposure that is found is of that moment.
    const auto make_lab = [] {
        return std::make_unique<OpticalBench>(small_optical_bench(), small_optical_rig);
    };
    conformance::check_contract(
        {.make =
             [make_lab, spare = InTurn::no_lab_yet()](Workers&, const Clock& clock) {
                 return std::make_unique<InTurn>(make_lab, spare, clock);
             },
         .tolerance = 1.0});
}

TEST_CASE("a calibration of the optical rig measures what is true of the bench") {
    const SystemClock clock;
    phyll::bench::OpticalBench kind = small_optical_bench();
    kind.latency = Seconds(0.02);
    kind.nature.nominal_exposure = 0.002;
    OpticalBench lab(kind, small_optical_rig);
    const auto rig = lab.rig(clock, false);
    const rigs::Calibration calibration = rig->calibrate({});
    CHECK(quantity(calibration, "settle time") >= 0.02);
    CHECK(quantity(calibration, "settle time") <= 0.06);
    CHECK(quantity(calibration, "exposure time") == Approx(0.002).epsilon(0.1));
    CHECK(quantity(calibration, "signal") == Approx(0.25).epsilon(0.05));
    const auto& levels = rigs::series(calibration, "level response", 17);
    CHECK(levels.front() == 0.0);
    CHECK(levels.back() > 0.1);
    CHECK(calibration.identities.size() == 2);
}

TEST_CASE("a display that becomes one picture late is noticed, and what it showed taken again") {
    Answered rig("reference_every = 3\n");
    rig.lab.bench().misbehave("slm", {.fault = Fault::late, .at = 2});
    REQUIRE(rig.off() == 0.0);
    REQUIRE(rig.rig->retaken() > 0);
    REQUIRE(rig.rig->health().state == Health::State::degraded);
    REQUIRE(rig.off() == 0.0);
}

TEST_CASE(
    "captured twice, no picture that a refresh cut and no frame of before is taken for right") {
    const auto [instrument, fault] =
        GENERATE(table<std::string, Fault>({{"slm", Fault::cut}, {"camera", Fault::stale}}));
    CAPTURE(instrument);
    Answered rig("twice = true\n", 2);
    for (std::uint64_t at = 0; at < 6; ++at) { // two samples and the reference, twice
        CAPTURE(at);
        const std::uint64_t before = rig.rig->retaken();
        rig.lab.bench().misbehave(instrument, {.fault = fault, .at = at, .count = 1});
        CHECK(rig.off() == 0.0);
        CHECK(rig.rig->retaken() > before);
    }
}

TEST_CASE("frames that lose packets are taken again and counted") {
    Answered rig("retakes = 20\n");
    rig.lab.bench().misbehave("camera", {.fault = Fault::panel, .text = "lose 0.1"});
    for (int k = 0; k < 10; ++k) {
        REQUIRE(rig.off() == 0.0);
    }
    REQUIRE(rig.rig->retaken() > 0);
}

TEST_CASE("an exposure that sticks at another time than it is set to is noticed") {
    const SystemClock clock;
    OpticalBench lab(small_optical_bench(), small_optical_rig);
    const auto rig = lab.rig(clock);
    const OwnedBlock x = test::uniform_stimuli(rig->spec(), 2);
    static_cast<void>(test::answer(*rig, x));
    const rigs::View whole{.whole = true}; // sets the camera up anew, and then the query does
    rigs::Calibration shorter = lab.calibration();
    for (rigs::Quantity& each : shorter.quantities) {
        each.value *= each.name == "exposure time" ? 0.5 : 1.0;
    }
    rig->use(shorter);
    static_cast<void>(rig->snapshot(whole, {}));
    lab.bench().misbehave("camera", {.fault = Fault::panel, .text = "stick exposure"});
    rig->use(lab.calibration());
    REQUIRE_THROWS_WITH(test::answer(*rig, x),
                        Catch::Matchers::Contains("does not expose as it says"));
    REQUIRE_FALSE(lab.output_on());
    lab.bench().misbehave("camera", {.fault = Fault::panel, .text = "free exposure"});
    static_cast<void>(test::answer(*rig, x));
}

TEST_CASE("a display whose refresh decides when a picture is there is waited for at any phase") {
    const SystemClock clock;
    phyll::bench::OpticalBench kind = small_optical_bench();
    kind.refresh = Seconds(0.016);
    OpticalBench lab(kind, fmt::format("{}twice = true\n", small_optical_rig));
    const auto rig = lab.rig(clock, false);
    CHECK(quantity(rig->calibrate({}), "settle time") >= 0.014);
    const OwnedBlock x = test::uniform_stimuli(rig->spec(), 6);
    const OwnedBlock first = test::answer(*rig, x);
    REQUIRE(largest_difference(first.view(), test::answer(*rig, x).view()) == 0.0);
}

TEST_CASE("a modulation that is too weak to tell pictures apart is not calibrated") {
    const SystemClock clock;
    phyll::bench::OpticalBench kind = small_optical_bench();
    kind.nature.device.phase_range = 0.3;
    OpticalBench lab(kind, fmt::format("{}phase_range = 0.3\n", small_optical_rig));
    const auto rig = lab.rig(clock, false);
    REQUIRE_THROWS_WITH(static_cast<void>(rig->calibrate({})),
                        Catch::Matchers::Contains("no frame would be known to be out of step"));
    REQUIRE_FALSE(lab.output_on());
}

TEST_CASE("a medium that is another one than was calibrated is refused") {
    const SystemClock clock;
    rigs::Calibration calibration;
    {
        OpticalBench lab(small_optical_bench(), small_optical_rig);
        calibration = lab.rig(clock, false)->calibrate({});
    }
    phyll::bench::OpticalBench other = small_optical_bench();
    other.nature.device_seed = 2;
    OpticalBench lab(other, small_optical_rig);
    const auto rig = lab.rig(clock, false);
    rig->use(calibration);
    const OwnedBlock x = test::uniform_stimuli(rig->spec(), 1);
    REQUIRE_THROWS_WITH(test::answer(*rig, x),
                        Catch::Matchers::Contains("what the light goes through moved"));
    REQUIRE_FALSE(lab.output_on());
}

TEST_CASE(
    "a camera that is switched off, or obeys another, is a fault, the display dark, until it is "
    "there again") {
    Answered rig;
    SECTION("switched off for a moment") {
        rig.lab.bench().misbehave("camera", {.fault = Fault::power_cycle, .seconds = Seconds(0.2)});
    }
    SECTION("with somebody else in control of it") {
        rig.lab.bench().misbehave("camera", {.fault = Fault::panel, .text = "occupy 1"});
    }
    REQUIRE_THROWS_AS(test::answer(*rig.rig, rig.x), Error);
    REQUIRE_FALSE(rig.lab.output_on());
    rig.rig->recover(Deadline::never(), {});
    REQUIRE(rig.off() == 0.0);
}

TEST_CASE("a display that does not fit is not driven") {
    const SystemClock clock;
    OpticalBench lab(small_optical_bench(), fmt::format("{}pixel = 20\n", small_optical_rig));
    const auto rig = lab.rig(clock, false);
    rig->use(rig->nominal());
    const OwnedBlock x = test::uniform_stimuli(rig->spec(), 1);
    REQUIRE_THROWS_WITH(test::answer(*rig, x),
                        Catch::Matchers::Contains("do not fit on a display of 64 x 48"));
}
