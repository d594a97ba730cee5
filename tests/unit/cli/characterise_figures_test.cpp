#include "clients/cli/characterise_figures.hpp"

#include <catch2/catch.hpp>

using namespace phyll::cli;

TEST_CASE("the median of an even number of figures is the mean of the two in the middle") {
    REQUIRE(range_of({4.0, 1.0, 2.0, 3.0}, "") == "1.00 to 4.00, median 2.50");
    REQUIRE(range_of({3.0, 1.0, 2.0}, " dB") == "1.00 to 3.00 dB, median 2.00");
    REQUIRE(range_of({7.0}, "") == "7.00 to 7.00, median 7.00");
}

TEST_CASE("a figure that noise explains is said to be that") {
    REQUIRE(share_of_deviation(0.031, 0.008) == "3.1 % of a deviation");
    REQUIRE(share_of_deviation(0.008, 0.008) == "not above noise (0.8 % of a deviation)");
    REQUIRE(share_of_deviation(0.0, 0.008) == "not above noise (0.8 % of a deviation)");
    REQUIRE(share_of_deviation(0.0, 0.0) == "0.0 % of a deviation"); // nothing is noisy
}

TEST_CASE("inputs whose effect noise explains are counted") {
    REQUIRE(sensitivities({0.1, 0.3}, 0.0) ==
            "0.10 to 0.30, median 0.20 deviations for half the range");
    REQUIRE(sensitivities({0.0, 0.1, 0.3}, 0.1) ==
            "0.00 to 0.30, median 0.10 deviations for half the range; 2 of 3 inputs not above "
            "noise (0.10)");
}
