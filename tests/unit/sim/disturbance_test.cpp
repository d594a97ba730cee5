#include "drivers/core/query_part.hpp"
#include "sim/rigs/decorators/disturbance.hpp"
#include "tests/unit/sim/support.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <numeric>
#include <string>

using namespace phyll;
using namespace phyll::sim;
using namespace phyll::test;

namespace {

double rms(const std::vector<double>& values) {
    double square = 0.0;
    for (const double value : values) {
        square += value * value / static_cast<double>(values.size());
    }
    return std::sqrt(square);
}

} // namespace

TEST_CASE("perturb(f) moves the device until its responses correlate by 1 - f") {
    const double f = GENERATE(0.05, 0.2);
    const std::uint64_t seed = GENERATE(1U, 2U);
    Workers workers(2);
    const auto rig = default_rig("acoustic", workers);
    const Probe probe(*rig);
    REQUIRE(probe.shift_of(*rig).correlation == Approx(1.0));
    REQUIRE(probe.shift_of(*rig).mean == 0.0);

    const Perturbation found = find_perturbation(*rig, probe, f, seed);
    CAPTURE(f, seed, found.amount, found.shift.mean);
    REQUIRE(found.shift.correlation == Approx(1 - f).margin(1e-3));
    REQUIRE(found.shift.mean > 0.0);

    // The layer is the device that was found.
    const Disturbance moved(default_rig("acoustic", workers), f, 0.0, seed);
    REQUIRE(moved.perturbation().amount == found.amount);
    rig->displace(moved.offsets(0));
    REQUIRE(probe.shift_of(*rig).correlation == Approx(1 - f).margin(1e-3));
}

TEST_CASE("a perturbed ladder is off by as much as asked and stays within its ADC's range") {
    const double f = GENERATE(0.05, 0.2, 0.3);
    const std::uint64_t seed = GENERATE(1U, 2U, 3U);
    Workers workers(1);
    const auto nominal = default_rig("electronic", workers);
    const Probe probe(*nominal);
    Disturbance moved(default_rig("electronic", workers), f, 0.0, seed);
    const Perturbation& found = moved.perturbation();
    CAPTURE(f, seed, found.amount, found.shift.mean);
    REQUIRE(found.shift.correlation == Approx(1 - f).margin(1e-3));
    nominal->displace(moved.offsets(0));
    REQUIRE(probe.shift_of(*nominal).correlation == Approx(1 - f).margin(0.02));
    const OwnedBlock y = answer(moved, uniform_stimuli(moved.spec(), 300, 9));
    for (const float value : y.view().values()) {
        REQUIRE(value > moved.spec().outputs[0].minimum); // not saturated either
        REQUIRE(value < moved.spec().outputs[0].maximum);
    }
}

TEST_CASE("a ladder cannot be perturbed beyond what its components can do") {
    Workers workers(1);
    REQUIRE_THROWS_WITH(Disturbance(default_rig("electronic", workers), 0.9, 0.0, 1),
                        Catch::Matchers::StartsWith("perturb 0.9 cannot be reached on this device: "
                                                    "the largest that can is 0.4"));
}

TEST_CASE("no perturbation is the nominal device, bit by bit") {
    Workers workers(1);
    const auto nominal = default_rig("acoustic", workers);
    Disturbance untouched(default_rig("acoustic", workers), 0.0, 0.0, 1);
    const OwnedBlock x = uniform_stimuli(nominal->spec(), 3);
    REQUIRE(same_bits(answer(untouched, x).view(), answer(*nominal, x).view()));
    REQUIRE(untouched.perturbation().amount == 0.0);
}

TEST_CASE("a device displaced later answers as one that was made so, and as itself again",
          "[long]") {
    const std::string kind = GENERATE("acoustic", "electronic", "optical");
    const double drift = GENERATE(0.0, 1024.0);
    CAPTURE(kind, drift);
    Workers workers(2);
    Disturbance rig(default_rig(kind, workers), 0.0, drift, 1);
    Disturbance displaced(default_rig(kind, workers), 0.2, drift, 1);
    const OwnedBlock x = uniform_stimuli(rig.spec(), 7);
    const QueryContext context = with_number(0, 0, 1001); // crosses a step of the drift
    const OwnedBlock before = answer(rig, x, context);
    const OwnedBlock expected = answer(displaced, x, context);
    REQUIRE(rig.health().reason.empty());

    REQUIRE(rig.perturb(0.2) == displaced.perturbation().amount);
    REQUIRE(rig.fraction() == 0.2);
    REQUIRE(same_bits(answer(rig, x, context).view(), expected.view()));
    REQUIRE_THAT(rig.health().reason, Catch::Matchers::StartsWith("perturbed by 0.2: "));
    REQUIRE(rig.spec().notes == default_rig(kind, workers)->spec().notes);

    REQUIRE(rig.perturb(0.0) == 0.0);
    REQUIRE(same_bits(answer(rig, x, context).view(), before.view()));
    REQUIRE(rig.health().reason.empty());

    REQUIRE(displaced.perturb(0.0) == 0.0);
    REQUIRE(same_bits(answer(displaced, x, context).view(), before.view()));
    REQUIRE(displaced.health().reason == "not perturbed for now, though made with perturb = 0.2");
    REQUIRE(displaced.perturb(0.2) == rig.perturb(0.2));
    REQUIRE(same_bits(answer(displaced, x, context).view(), expected.view()));
    REQUIRE(displaced.health().reason.empty());
}

TEST_CASE("a displacement that cannot be changes nothing") {
    Workers workers(1);
    Disturbance rig(default_rig("electronic", workers), 0.0, 0.0, 1);
    const OwnedBlock x = uniform_stimuli(rig.spec(), 3);
    rig.perturb(0.05);
    const OwnedBlock before = answer(rig, x);
    REQUIRE(code_of([&] { rig.perturb(0.9); }) == Code::failed_precondition);
    REQUIRE(code_of([&] { rig.perturb(-1.0); }) == Code::invalid_argument);
    REQUIRE(code_of([&] { rig.perturb(std::nan("")); }) == Code::invalid_argument);
    REQUIRE(rig.fraction() == 0.05);
    REQUIRE(same_bits(answer(rig, x).view(), before.view()));
}

TEST_CASE("a perturbation that cannot be reached is refused with the largest that can") {
    Workers workers(2);
    try {
        const Disturbance moved(default_rig("acoustic", workers), 0.95, 0.0, 1);
        FAIL("accepted");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::failed_precondition);
        const std::string message = error.what();
        const std::size_t at = message.rfind(' ');
        const double largest = std::stod(message.substr(at));
        REQUIRE(largest > 0.3);
        REQUIRE(largest < 0.95);
    }
    REQUIRE_THROWS_WITH(Disturbance(default_rig("echo", workers), 0.1, 0.0, 1),
                        "perturb 0.1 cannot be reached on this device: the largest that can is "
                        "0.000");
}

TEST_CASE("numbers that mean nothing are refused") {
    Workers workers(1);
    const auto make = [&](double perturb, double drift) {
        return code_of(
            [&] { const Disturbance d(default_rig("echo", workers), perturb, drift, 1); });
    };
    REQUIRE(make(-0.1, 0.0) == Code::invalid_argument);
    REQUIRE(make(1.0, 0.0) == Code::invalid_argument);
    REQUIRE(make(0.0, -1.0) == Code::invalid_argument);
    REQUIRE(make(0.0, std::nan("")) == Code::invalid_argument);
}

TEST_CASE("drift starts at the nominal device and grows with age") {
    Workers workers(2);
    constexpr double drift_samples = 2560;
    const Disturbance drifting(default_rig("acoustic", workers), 0.0, drift_samples, 1);
    REQUIRE(rms(drifting.offsets(0)) == 0.0);
    REQUIRE(rms(drifting.offsets(9)) == 0.0); // steps of 10 samples
    REQUIRE(rms(drifting.offsets(10)) > 0.0);
    const double early = rms(drifting.offsets(160));
    const double unit = rms(drifting.offsets(2560));
    const double late = rms(drifting.offsets(40960));
    CAPTURE(early, unit, late);
    REQUIRE(early < 0.6 * unit);
    REQUIRE(late > 2 * unit);
}

TEST_CASE("a drifting response depends on the sample's age and not on the batch") {
    Workers workers(1);
    Disturbance drifting(default_rig("acoustic", workers), 0.05, 1024, 1); // steps of 4 samples
    const OwnedBlock x = uniform_stimuli(drifting.spec(), 11);
    const QueryContext context = with_number(0, 0, 1001);
    const OwnedBlock together = answer(drifting, x, context);
    OwnedBlock alone(drifting.spec().n_out(), 11);
    for (std::size_t i = 11; i-- > 0;) {
        drifting.query(x.view().slice(i, 1), alone.view().slice(i, 1),
                       QueryPart(context, i, 1).context());
    }
    REQUIRE(same_bits(together.view(), alone.view()));
    const OwnedBlock older = answer(drifting, x, with_number(0, 0, 5000));
    REQUIRE_FALSE(same_bits(together.view(), older.view()));
}
