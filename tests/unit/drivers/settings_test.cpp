#include "drivers/core/error.hpp"
#include "drivers/rigs/electronic/electronic.pb.h"
#include "drivers/rigs/electronic/settings.hpp"
#include "tests/support/read_toml.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace phyll;

namespace {

rigs::ElectronicSettings settings(const std::string& more) {
    rigs::v1::ElectronicInstrumentsOptions options;
    test::read_toml()("generator = \"g\"\ndigitiser = \"d\"\n" + more, "options", options);
    return rigs::electronic_settings(options);
}

} // namespace

TEST_CASE("the electronic rig's options have the defaults of its simulation") {
    const rigs::ElectronicSettings s = settings("");
    REQUIRE(s.encoding.dac_samples == 20);
    REQUIRE(s.encoding.low == -2);
    REQUIRE(s.encoding.high == 3);
    REQUIRE(s.encoding.reads.size() == 10);
    REQUIRE(s.encoding.reads.front() == 2);
    REQUIRE(s.encoding.reads.back() == 20);
    REQUIRE(s.n_out() == 20);
    REQUIRE(s.nodes == std::vector<std::size_t>{1, 3});
    REQUIRE(s.channels.at(1).number == 2);
    REQUIRE(s.playing.limits.peak.value == Approx(3.15));
    REQUIRE(s.playing.low.value == Approx(-2.1));
    REQUIRE(s.playing.high.value == Approx(3.15));
    REQUIRE(s.monitor.range.value > 3.15);
}

TEST_CASE("channels that are not given are those that the monitor leaves") {
    const rigs::ElectronicSettings s = settings("adc_nodes = [1, 2, 5]\nmonitor = 2");
    REQUIRE(s.channels.size() == 3);
    REQUIRE(s.channels[0].number == 1);
    REQUIRE(s.channels[1].number == 3);
    REQUIRE(s.channels[2].number == 4);
}

TEST_CASE("limits bound what the generator is set to") {
    const rigs::ElectronicSettings s = settings("limit_peak = 3.0");
    REQUIRE(s.playing.high.value == 3.0);
    REQUIRE(s.playing.low.value == Approx(-2.1));
}

TEST_CASE("options that cannot be are refused, by name") {
    const auto [text, message] = GENERATE(table<std::string, std::string>({
        {"limit_peak = 2.9", "limit_peak: 2.9 V; the drives need 3 V"},
        {"dac_high = -2.0", "dac_high: -2 V; valid is more than dac_low, -2 V"},
        {"adc_first = 21", "adc_first: 21; valid is 1 to dac_samples, 20"},
        {"channels = [1]", "channels: 1 of them for 2 adc_nodes"},
        {"channels = [1, 1]", "channels: 1 is there twice"},
        {"channels = [1, 2]\nmonitor = 2", "monitor: 2 is also the channel of a node"},
        {"dac_low = -4.0\ntrigger_channel = 3", "trigger_channel: 3; a channel triggers at a rise"},
    }));
    CAPTURE(text);
    REQUIRE_THROWS_WITH(settings(text), Catch::Contains(message));
}
