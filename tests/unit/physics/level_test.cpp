#include "sim/physics/acoustic/cavity.hpp"
#include "sim/physics/electronic/integrator.hpp"
#include "sim/physics/microwave/cavity.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>

using namespace phyll::physics;

TEST_CASE("the physics runs on the level that was asked for") {
    // at_level.sh says which one it has asked the loader for; else there is nothing to compare.
    if (const char* asked = std::getenv("PHYLL_TEST_KERNEL_LEVEL")) {
        REQUIRE(acoustic_kernel_level() == asked);
        REQUIRE(electronic_kernel_level() == asked);
        REQUIRE(microwave_kernel_level() == asked);
    }
    REQUIRE(acoustic_kernel_level() == electronic_kernel_level());
    REQUIRE(acoustic_kernel_level() == microwave_kernel_level());
}
