#include "clients/cli/stimuli.hpp"
#include "drivers/core/error.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using cli::drives_of;
using cli::parse_csv;
using cli::Units;

namespace {

/// A voltage from -2 to 2, and a phase that falls from 0.3 to 0.1 as the drive rises.
v1::LayerSpec rig() {
    v1::LayerSpec spec;
    v1::DriveChannel& a = *spec.add_inputs();
    a.set_name("gate");
    a.set_unit("V");
    a.set_at_zero(-2);
    a.set_at_one(2);
    v1::DriveChannel& b = *spec.add_inputs();
    b.set_name("phase");
    b.set_unit("rad");
    b.set_at_zero(0.3);
    b.set_at_one(0.1);
    return spec;
}

std::vector<float> drives(const std::string& csv, Units units) {
    const OwnedBlock block = drives_of(parse_csv(csv, "x.csv"), rig(), units);
    return {block.view().values().begin(), block.view().values().end()};
}

std::string refusal(const std::string& csv, Units units) {
    try {
        static_cast<void>(drives(csv, units));
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::invalid_argument);
        return error.what();
    }
    return "accepted";
}

using Drives = std::vector<float>;

} // namespace

TEST_CASE("physical values become drives, the ends exactly") {
    REQUIRE(drives("-2,0.3\n2,0.1\n0,0.2\n", Units::physical) ==
            Drives{0.0F, 0.0F, 1.0F, 1.0F, 0.5F, 0.5F});
}

TEST_CASE("drives are taken as they are, for the daemon to judge") {
    REQUIRE(drives("0.1,0.9\n", Units::drive) == Drives{0.1F, 0.9F});
    REQUIRE(drives("0.1,7\n", Units::drive)[1] == 7.0F);
    REQUIRE(std::isinf(drives("0.1,1e300\n", Units::drive)[1]));
    REQUIRE(drives("1,2,3\n", Units::drive).size() == 3);
}

TEST_CASE("a value outside an input's range is refused with everything about it") {
    REQUIRE(refusal("0,0.2\n2.5,0.2\n", Units::physical) ==
            "x.csv: sample 1, channel 0 'gate': 2.5 V; valid is -2 to 2 V");
    REQUIRE(refusal("0,0.05\n", Units::physical) ==
            "x.csv: sample 0, channel 1 'phase': 0.05 rad; valid is 0.1 to 0.3 rad");
    REQUIRE(refusal("nan,0.2\n", Units::physical) != "accepted");
    REQUIRE(refusal("0\n", Units::physical).find("1 values per sample, but the rig has 2 inputs") !=
            std::string::npos);
}

TEST_CASE("columns are matched to inputs by name, with or without unit, in any order") {
    REQUIRE(drives("phase,gate\n0.25,1\n", Units::drive) == Drives{1.0F, 0.25F});
    REQUIRE(drives(" phase [rad] ,gate [V]\n0.1,-2\n", Units::physical) == Drives{0.0F, 1.0F});
    REQUIRE(refusal("phase,gate\n0.2,9\n", Units::physical).find("channel 0 'gate': 9 V") !=
            std::string::npos);
}

TEST_CASE("a header that does not name each input once is refused with what is valid") {
    REQUIRE(refusal("gate,fase\n0,0\n", Units::drive) ==
            "x.csv: the header must name each input once: 'fase' is unknown, 'phase' is missing; "
            "valid are 'gate [V]', 'phase [rad]'");
    REQUIRE(refusal("gate,gate\n0,0\n", Units::drive).find("'gate' is there twice") !=
            std::string::npos);
    REQUIRE(refusal("gate\n0\n", Units::drive).find("'phase' is missing") != std::string::npos);
    REQUIRE(refusal("gate [mV],phase\n0,0\n", Units::drive).find("'gate [mV]' is unknown") !=
            std::string::npos);
}
