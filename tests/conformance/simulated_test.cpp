// Every simulated rig keeps the contract, alone and with all that can befall it.
#include "sim/rigs/decorators/disturbed.hpp"
#include "sim/rigs/microwave/microwave.pb.h"
#include "sim/rigs/optical/optical.pb.h"
#include "tests/conformance/suite.hpp"
#include "tests/unit/sim/support.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using conformance::check_contract;
using conformance::Subject;

namespace {

Subject simulated(std::string_view kind, const sim::Disturbances& disturbances = {}) {
    return {.make = [=](Workers& workers, const Clock& clock) {
        return sim::disturbed(test::default_rig(kind, workers), disturbances,
                              {.seed = 1, .workers = &workers}, clock);
    }};
}

/// A microwave cavity that is built in a few ms: the suite builds dozens.
Subject microwave(const sim::Disturbances& disturbances = {}) {
    return {.make = [=](Workers& workers, const Clock& clock) {
        sim::v1::MicrowaveOptions options;
        options.set_points(18);
        options.set_perimeter(12);
        options.set_wire_spacing(0.25);
        options.set_atoms(12);
        options.set_rods(3);
        options.set_port_distance(1);
        const sim::RigSite site{.seed = 1, .workers = &workers};
        return sim::disturbed(test::kind_named("microwave").make(options, site), disturbances, site,
                              clock);
    }};
}

Subject optical(double camera_noise, const sim::Disturbances& disturbances = {}) {
    return {.make = [=](Workers& workers, const Clock& clock) {
        sim::v1::OpticalOptions options;
        options.set_width(12);
        options.set_height(11);
        options.set_outputs(70);
        options.set_camera_noise(camera_noise);
        const sim::RigSite site{.seed = 1, .workers = &workers};
        return sim::disturbed(test::kind_named("optical").make(options, site), disturbances, site,
                              clock);
    }};
}

/// Noise as instruments have it: new in every query, whatever the number.
class FreshNoise final : public sim::Decorator {
  public:
    using Decorator::Decorator;
    void query(ConstBlock x, Block y, const QueryContext& context) override {
        QueryContext fresh = context;
        fresh.key = ++queries_;
        Decorator::query(x, y, fresh);
    }

  private:
    std::uint64_t queries_ = 0;
};

} // namespace

TEST_CASE("echo keeps the contract") {
    check_contract(simulated("echo"));
}

TEST_CASE("the acoustic rig keeps the contract") {
    check_contract(simulated("acoustic"));
}

TEST_CASE("the acoustic rig with noise, drift and latency keeps the contract", "[long]") {
    sim::Disturbances disturbances;
    disturbances.noise = 0.005;
    disturbances.drift_samples = 2000;
    disturbances.latency = true;
    check_contract(simulated("acoustic", disturbances));
}

TEST_CASE("the electronic rig keeps the contract") {
    check_contract(simulated("electronic"));
}

TEST_CASE("the microwave rig keeps the contract") {
    check_contract(microwave());
}

TEST_CASE("the electronic and the microwave rig with noise, drift and latency keep the contract") {
    sim::Disturbances disturbances;
    disturbances.noise = 0.005;
    disturbances.drift_samples = 2000;
    disturbances.latency = true;
    SECTION("electronic") {
        check_contract(simulated("electronic", disturbances));
    }
    SECTION("microwave") {
        check_contract(microwave(disturbances));
    }
}

/// But the acoustic one: the suite builds it dozens of times, and each time takes half a second.
TEST_CASE("a perturbed rig keeps the contract") {
    sim::Disturbances disturbances;
    disturbances.perturb = 0.2;
    SECTION("electronic") {
        check_contract(simulated("electronic", disturbances));
    }
    SECTION("microwave") {
        check_contract(microwave(disturbances));
    }
    SECTION("optical") {
        check_contract(optical(1.0, disturbances));
    }
}

TEST_CASE("the optical rig keeps the contract") {
    check_contract(simulated("optical"));
}

TEST_CASE("the optical rig without its camera's noise keeps the contract") {
    check_contract(optical(0.0));
}

TEST_CASE("the optical rig with noise, drift and latency keeps the contract") {
    sim::Disturbances disturbances;
    disturbances.noise = 0.005;
    disturbances.drift_samples = 2000;
    disturbances.latency = true;
    check_contract(optical(1.0, disturbances));
}

TEST_CASE("a rig whose noise is new each time keeps the contract within its noise") {
    sim::Disturbances disturbances;
    disturbances.noise = 0.005; // at most about 0.05 Pa in any output
    const Subject noisy = simulated("acoustic", disturbances);
    check_contract({.make =
                        [=](Workers& workers, const Clock& clock) {
                            return std::make_unique<FreshNoise>(noisy.make(workers, clock));
                        },
                    .tolerance = 1.0});
}
