// That the physics computes: intensities are squares of sums over the inputs, so that there are
// products of any two in them, and a linear fit leaves much of their variance.
#include "sim/rigs/optical/optical.pb.h"
#include "tests/unit/sim/computes.hpp"
#include "tests/unit/sim/support.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using namespace phyll::test;

TEST_CASE("a small optical rig makes products of two inputs and leaves a linear fit much") {
    Workers workers(2);
    sim::v1::OpticalOptions options;
    options.set_width(5);
    options.set_height(4);
    options.set_outputs(40); // fewer than the samples that the read-out is fitted on
    const bool phase = GENERATE(true, false);
    options.set_modulation(phase ? "phase" : "amplitude");
    const auto rig = kind_named("optical").make(options, {.workers = &workers});
    const double share = nonlinear_share(*rig);
    const double accuracy = exclusive_or_accuracy(*rig, random_pairs(rig->spec(), 10));
    CAPTURE(phase, share, accuracy);
    // A turned phase is nonlinear itself, a dimmed field in its intensity only.
    CHECK(share > (phase ? 0.4 : 0.1));
    CHECK(share < (phase ? 0.75 : 0.35));
    CHECK(accuracy > 85.0);
}
