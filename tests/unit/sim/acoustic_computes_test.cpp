// That the physics computes: what a linear device cannot do, the default device does, and the same
// device with linear membranes does not.
#include "sim/rigs/acoustic/acoustic.pb.h"
#include "tests/unit/sim/computes.hpp"
#include "tests/unit/sim/support.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using namespace phyll::test;

namespace {

std::unique_ptr<sim::SimulatedRig> acoustic_rig(double nonlinearity, Workers& workers) {
    sim::v1::AcousticOptions options;
    options.set_nonlinearity(nonlinearity);
    return kind_named("acoustic").make(options, {.workers = &workers});
}

double share(double nonlinearity) {
    Workers workers(1);
    return nonlinear_share(*acoustic_rig(nonlinearity, workers));
}

double accuracy(double nonlinearity) {
    Workers workers(1);
    const auto rig = acoustic_rig(nonlinearity, workers);
    return exclusive_or_accuracy(*rig, random_pairs(rig->spec(), 10));
}

} // namespace

TEST_CASE("the default cavity leaves a linear fit more than 3 % of its variance") {
    const double left = share(1.0);
    CAPTURE(left);
    REQUIRE(left > 0.03);
    REQUIRE(left < 0.12);
}

TEST_CASE("with linear membranes it leaves nothing") {
    REQUIRE(share(0.0) < 1e-6);
}

TEST_CASE("the default cavity makes products of two inputs: exclusive or is read out") {
    const double right = accuracy(1.0);
    CAPTURE(right);
    REQUIRE(right >= 60.0);
}

TEST_CASE("with linear membranes exclusive or is a guess") {
    const double right = accuracy(0.0);
    CAPTURE(right);
    // A thousand guesses.
    REQUIRE(right == Approx(50.0).margin(8.0));
}
