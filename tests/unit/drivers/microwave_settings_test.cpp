#include "drivers/core/error.hpp"
#include "drivers/rigs/microwave/microwave.pb.h"
#include "drivers/rigs/microwave/settings.hpp"
#include "tests/support/read_toml.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace phyll;

namespace {

rigs::MicrowaveSettings settings(const std::string& more) {
    rigs::v1::MicrowaveInstrumentsOptions options;
    test::read_toml()("vna = \"v\"\nmetasurface = \"m\"\n" + more, "options", options);
    return rigs::microwave_settings(options);
}

} // namespace

TEST_CASE("the microwave rig's source may give what it needs, and no more") {
    const rigs::MicrowaveSettings s = settings("");
    REQUIRE(s.atoms == 40);
    REQUIRE(s.sweep.points == 60);
    REQUIRE(s.sweep.power.value == -10);
    REQUIRE(s.sweep.most_power.value == -10);
    REQUIRE(s.sweep_time() == Approx(7.2e-3));
    REQUIRE(settings("limit_power = 0.0").sweep.most_power.value == 0);
    REQUIRE(settings("limit_power = 20.0\nlimit_receiver = 5.0").sweep.most_power.value == 5);
    REQUIRE(
        settings("power = -30.0\nlimit_power = 0.0\npath_gain_db = 25.0").sweep.most_power.value ==
        -15);
}

TEST_CASE("power that would be too much at the source or at the receiver is refused") {
    const auto [text, message] = GENERATE(table<std::string, std::string>({
        {"path_gain_db = 25.0",
         "power: -10 dBm; with path_gain_db 25 dB up to 15 dBm may arrive at "
         "the receiver, whose limit_receiver is 10 dBm: valid is up to -15 dBm"},
        {"limit_power = -20.0", "power: -10 dBm; limit_power is -20 dBm"},
        {"start_frequency = 6e9",
         "stop_frequency: 5.72e+09 Hz; valid is more than start_frequency"},
    }));
    CAPTURE(text);
    REQUIRE_THROWS_WITH(settings(text), Catch::Contains(message));
}

TEST_CASE("what a calibration holds for is in the settings' words") {
    REQUIRE(rigs::in_words(settings("instrument_state = \"c.znxml\"\npath_gain_db = 3.0")) ==
            "40 meta-atoms, 60 points from 4.68e+09 to 5.72e+09 Hz, 10000 Hz wide, -10 dBm, state "
            "c.znxml, path 3 dB");
}
