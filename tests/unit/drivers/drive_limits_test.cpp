#include "drivers/core/error.hpp"
#include "drivers/instruments/waveform_generator.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <vector>

using namespace phyll;
using instruments::DriveLimits;

TEST_CASE("a waveform that exceeds a limit is refused, with what exceeds what") {
    const DriveLimits limits{.peak = {3.0}, .rms = {2.0}, .duty = 0.5};
    REQUIRE_NOTHROW(limits.check(std::vector{0.0, 2.0, -2.0, 0.0}));
    REQUIRE_NOTHROW(limits.check(std::vector{0.0, 0.0, 3.0, 0.0}));
    REQUIRE_THROWS_WITH(limits.check(std::vector{0.0, -3.1, 0.0, 0.0}),
                        "point 1 of the waveform is -3.1 V; the limit is 3 V peak");
    REQUIRE_THROWS_WITH(limits.check(std::vector{0.0, 3.0, 3.0, 0.0}),
                        Catch::Contains("2.12132 V rms; the limit is 2 V"));
    REQUIRE_THROWS_WITH(limits.check(std::vector{0.0, 1.0, 1.0, 1.0}),
                        Catch::Contains("75 % of its time; the limit is 50 %"));
    REQUIRE_THROWS_AS(limits.check(std::vector{std::numeric_limits<double>::quiet_NaN()}), Error);
}

TEST_CASE("limits are said in words, as far as they limit") {
    REQUIRE(DriveLimits{.peak = {3.2}}.in_words() == std::vector<std::string>{"3.2 V peak"});
    REQUIRE(DriveLimits{.peak = {3}, .rms = {2}, .duty = 0.25}.in_words() ==
            std::vector<std::string>{"3 V peak", "2 V rms over a waveform",
                                     "driven for 25 % of a waveform"});
}
