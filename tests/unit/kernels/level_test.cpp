#include "drivers/core/kernels/level.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <set>
#include <string>

TEST_CASE("the kernels say which level they are built for") {
    const std::string level = phyll::kernels::phyll_kernel_level();
    REQUIRE(std::set<std::string>{"x86-64", "x86-64-v3", "x86-64-v4"}.contains(level));
    // at_level.sh says which one it has asked the loader for.
    if (const char* asked = std::getenv("PHYLL_TEST_KERNEL_LEVEL")) {
        REQUIRE(level == asked);
    }
}
