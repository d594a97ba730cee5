#include "sim/rigs/decorators/disturbance.hpp"
#include "sim/rigs/optical/optical.pb.h"
#include "sim/rigs/optical/optical_rig.hpp"
#include "tests/unit/sim/support.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <set>

using namespace phyll;
using namespace phyll::sim;
using namespace phyll::test;

namespace {

sim::v1::OpticalOptions small_options() {
    sim::v1::OpticalOptions options;
    options.set_width(16);
    options.set_height(16);
    options.set_outputs(200);
    return options;
}

std::unique_ptr<SimulatedRig> rig_of(const sim::v1::OpticalOptions& options, Workers& workers,
                                     std::uint64_t seed = 1) {
    return kind_named("optical").make(options, {.seed = seed, .workers = &workers});
}

/// Intensity correlation with the nominal device at an age.
double correlation_at(const Disturbance& drifting, std::uint64_t age, SimulatedRig& rig,
                      const Probe& probe) {
    rig.displace(drifting.offsets(age));
    return probe.shift_of(rig).correlation;
}

} // namespace

TEST_CASE("the optical rig says what its channels are") {
    Workers workers(1);
    sim::v1::OpticalOptions options = small_options();
    options.set_width(3);
    options.set_height(2);
    const auto rig = rig_of(options, workers);
    const LayerSpec& spec = rig->spec();
    REQUIRE(spec.n_in() == 6);
    REQUIRE(spec.inputs[4].name == "pixel (1, 1)");
    REQUIRE(spec.inputs[4].unit == "rad");
    REQUIRE(spec.inputs[4].at_one == Approx(3.14159265));
    REQUIRE(spec.inputs[4].levels == 256);
    REQUIRE(spec.stimulus_storage.kind == StorageFormat::Kind::u8);
    REQUIRE(spec.stimulus_storage.scale == Approx(1.0 / 255));
    REQUIRE(spec.n_out() == 200);
    REQUIRE(spec.outputs[7].name == "super-pixel 7");
    REQUIRE(spec.outputs[7].unit == "count");
    REQUIRE(spec.outputs[7].maximum == 255.0);
    REQUIRE(spec.response_storage.kind == StorageFormat::Kind::u8);
    REQUIRE(spec.response_storage.scale == 1.0);
    REQUIRE(spec.seconds_per_sample == 0.02);
    REQUIRE_FALSE(spec.can_follow);

    options.set_levels(2);
    options.set_modulation("amplitude");
    options.set_bits(12);
    const auto other = rig_of(options, workers);
    REQUIRE(other->spec().inputs[0].unit == "1");
    REQUIRE(other->spec().stimulus_storage.kind == StorageFormat::Kind::bits);
    REQUIRE(other->spec().response_storage.kind == StorageFormat::Kind::u16_scaled);
    REQUIRE(other->spec().outputs[0].maximum == 4095.0);
}

TEST_CASE("the default optical rig takes images of 28 x 28 pixels") {
    Workers workers(2);
    const auto rig = default_rig("optical", workers);
    REQUIRE(rig->spec().n_in() == 784);
    REQUIRE(rig->spec().n_out() == 500);
}

TEST_CASE("an optical option that cannot be is refused by name") {
    sim::v1::OpticalOptions options;
    options.set_modulation("both");
    REQUIRE_THROWS_WITH(optical_parameters(options),
                        "modulation: 'both'; valid is 'phase', 'amplitude'");
    options.set_modulation("phase");
    options.set_width(0);
    REQUIRE_THROWS_WITH(optical_parameters(options), "width: 0; valid is 1 to 256");
}

TEST_CASE("two drives of one level are one stimulus to the optical rig") {
    Workers workers(1);
    const auto rig = rig_of(small_options(), workers);
    OwnedBlock x = uniform_stimuli(rig->spec(), 1);
    const OwnedBlock before = answer(*rig, x);
    for (float& drive : x.sample(0)) {
        drive = static_cast<float>(std::lround(drive * 255.0F)) / 255.0F;
    }
    REQUIRE(same_bits(before.view(), answer(*rig, x).view()));
    x.sample(0)[9] += x.sample(0)[9] < 0.5F ? 0.1F : -0.1F;
    REQUIRE_FALSE(same_bits(before.view(), answer(*rig, x).view()));
}

TEST_CASE("the seed makes the optical device") {
    Workers workers(1);
    const auto one = rig_of(small_options(), workers, 1);
    const auto two = rig_of(small_options(), workers, 2);
    const OwnedBlock x = uniform_stimuli(one->spec(), 1);
    REQUIRE_FALSE(same_bits(answer(*one, x).view(), answer(*two, x).view()));
}

TEST_CASE("perturb(f) turns the medium until its responses correlate by 1 - f") {
    const double f = GENERATE(0.05, 0.2, 0.5, 0.8);
    const std::string modulation = GENERATE("phase", "amplitude");
    Workers workers(2);
    sim::v1::OpticalOptions options = small_options();
    options.set_modulation(modulation);
    const auto rig = rig_of(options, workers);
    const Probe probe(*rig);
    REQUIRE(probe.shift_of(*rig).correlation == Approx(1.0));
    const Perturbation found = find_perturbation(*rig, probe, f, 1);
    CAPTURE(f, modulation, found.amount, rig->first_guess(f));
    CHECK(found.shift.correlation == Approx(1 - f).margin(0.001));
    // Theory, from which the search begins, knows nothing of how the correlation is measured.
    CHECK(found.amount == Approx(rig->first_guess(f)).epsilon(0.2));
}

TEST_CASE("a drifting medium does not come back") {
    Workers workers(2);
    const auto rig = rig_of(small_options(), workers);
    const Probe probe(*rig);
    constexpr double unit = 1024;
    const Disturbance drifting(rig_of(small_options(), workers), 0.0, unit, 1);
    std::vector<double> correlation;
    for (const double t : {0.0, 0.25, 1.0, 4.0, 16.0}) {
        correlation.push_back(
            correlation_at(drifting, static_cast<std::uint64_t>(t * unit), *rig, probe));
    }
    CAPTURE(correlation);
    CHECK(correlation[0] == Approx(1.0));
    CHECK(correlation[1] == Approx(0.988).margin(0.01));
    CHECK(correlation[2] == Approx(0.95).margin(0.03)); // what the unit of drift is
    CHECK(correlation[3] == Approx(0.8).margin(0.1));
    CHECK(correlation[4] < 0.7);
    // Much later it is another medium, and stays one: no angle of the 64 knows of the others.
    for (std::uint64_t t = 100; t <= 1000; t += 100) {
        CAPTURE(t);
        CHECK(correlation_at(drifting, t * 1024, *rig, probe) < 0.3);
    }
}
