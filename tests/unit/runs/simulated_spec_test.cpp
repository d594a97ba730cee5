#include "daemon/runs/simulated_spec.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace phyll;

TEST_CASE("a run is put on the simulations of those of its rigs that have one") {
    v1::RunSpec spec;
    for (const char* rig : {"bench", "tape", ""}) {
        spec.add_layers()->set_rig(rig);
    }
    spec.add_rigs()->set_name("tape");
    spec.add_rigs()->set_name("bench");
    spec.add_perturb()->set_rig("bench");
    const auto simulation = [](const std::string& rig) {
        return rig == "bench" ? std::string("bench:simulation") : std::string();
    };
    for (int i = 0; i < 2; ++i) { // what is a simulation already stays
        runs::put_on_simulations(spec, simulation);
        REQUIRE(spec.layers(0).rig() == "bench:simulation");
        REQUIRE(spec.layers(1).rig() == "tape");
        REQUIRE(spec.layers(2).rig().empty());
        REQUIRE(spec.rigs(0).name() == "tape");
        REQUIRE(spec.rigs(1).name() == "bench:simulation");
        REQUIRE(spec.perturb(0).rig() == "bench:simulation");
    }
}
