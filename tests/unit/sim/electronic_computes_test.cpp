// That the physics computes: what a linear device cannot do, the default ladder does, and the same
// ladder without diodes, or around 0 V, does not.
#include "sim/rigs/electronic/electronic.pb.h"
#include "tests/unit/sim/computes.hpp"
#include "tests/unit/sim/support.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using namespace phyll::test;

namespace {

sim::v1::ElectronicOptions without_diodes() {
    sim::v1::ElectronicOptions options;
    options.set_diodes(false);
    return options;
}

std::unique_ptr<sim::SimulatedRig> electronic_rig(const sim::v1::ElectronicOptions& options,
                                                  Workers& workers) {
    return kind_named("electronic").make(options, {.workers = &workers});
}

double share(const sim::v1::ElectronicOptions& options) {
    Workers workers(1);
    return nonlinear_share(*electronic_rig(options, workers));
}

double accuracy(const sim::v1::ElectronicOptions& options, std::size_t distance) {
    Workers workers(1);
    const auto rig = electronic_rig(options, workers);
    return exclusive_or_accuracy(*rig, pairs_apart(rig->spec(), distance, 10));
}

} // namespace

TEST_CASE("the default ladder leaves a linear fit more than 5 % of its variance") {
    const double left = share({});
    CAPTURE(left);
    REQUIRE(left > 0.05);
    REQUIRE(left < 0.15);
}

TEST_CASE("without diodes it leaves nothing but the steps of the ADC") {
    sim::v1::ElectronicOptions options = without_diodes();
    REQUIRE(share(options) < 1e-5);
    options.set_adc_bits(0);
    REQUIRE(share(options) < 1e-9);
}

TEST_CASE("the default ladder makes products of two inputs: exclusive or is read out") {
    const double adjacent = accuracy({}, 1);
    const double apart = accuracy({}, 4);
    CAPTURE(adjacent, apart);
    REQUIRE(adjacent >= 72.0);
    REQUIRE(apart >= 65.0);
}

TEST_CASE("without diodes exclusive or is a guess") {
    const double adjacent = accuracy(without_diodes(), 1);
    const double apart = accuracy(without_diodes(), 4);
    CAPTURE(adjacent, apart);
    // A thousand guesses each.
    REQUIRE(adjacent == Approx(50.0).margin(8.0));
    REQUIRE(apart == Approx(50.0).margin(8.0));
}

TEST_CASE("around 0 V the ladder is an odd device: nonlinear, and yet exclusive or is a guess") {
    sim::v1::ElectronicOptions options;
    options.set_dac_low(-2.5);
    options.set_dac_high(2.5);
    REQUIRE(share(options) > 0.03);
    const double adjacent = accuracy(options, 1);
    CAPTURE(adjacent);
    REQUIRE(adjacent == Approx(50.0).margin(8.0));
}
