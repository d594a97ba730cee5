#include "daemon/rig/instrument_configs.hpp"
#include "daemon/rig/rig_factory.hpp"
#include "drivers/core/error.hpp"

#include <google/protobuf/util/json_util.h>

#include <catch2/catch.hpp>

#include <string>

using namespace phyll;

namespace {

/// A rig of a kind with these options, as JSON.
v1::RigConfig rig_of(const std::string& name, const std::string& kind, const std::string& options) {
    v1::RigConfig config;
    config.set_name(name);
    config.set_kind(kind);
    const auto message = rig::new_rig_options(kind);
    REQUIRE(google::protobuf::util::JsonStringToMessage(options, message.get()).ok());
    config.mutable_options()->PackFrom(*message);
    return config;
}

v1::DaemonConfig lab() {
    v1::DaemonConfig config;
    for (const char* name : {"awg", "scope", "spare"}) {
        v1::InstrumentConfig& instrument = *config.add_instruments();
        instrument.set_name(name);
        instrument.set_kind(std::string(name) == "awg" ? "generator" : "digitiser");
        instrument.set_address("TCPIP0::127.0.0.1::5025::SOCKET");
    }
    *config.add_rigs() = rig_of("bench", "electronic-instruments",
                                R"({"generator": "awg", "digitiser": "scope", "hold_time": 2e-4,
                                    "adc_nodes": [2, 4]})");
    *config.add_rigs() = rig_of("ladder", "electronic", "{}");
    return config;
}

std::string error_of_check(const v1::DaemonConfig& config) {
    try {
        rig::check_instruments_are_used_once(config.rigs(), config.instruments());
        return "";
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::invalid_argument);
        return error.what();
    }
}

} // namespace

TEST_CASE("a rig is made of the instruments that its options name") {
    const v1::DaemonConfig config = lab();
    const auto parts = rig::instruments_of(config.rigs(0), config.instruments());
    REQUIRE(parts.size() == 2);
    REQUIRE(parts[0].name() == "awg");
    REQUIRE(parts[1].name() == "scope");
    REQUIRE(rig::instruments_of(config.rigs(1), config.instruments()).empty());
}

TEST_CASE("an instrument belongs to one rig at most") {
    v1::DaemonConfig config = lab();
    REQUIRE(error_of_check(config).empty());
    *config.add_rigs() =
        rig_of("other", "electronic-instruments", R"({"generator": "awg", "digitiser": "spare"})");
    REQUIRE(error_of_check(config) == "rig 'other': options: rig 'bench' is already made of the "
                                      "instrument 'awg'; each belongs to one rig at most");
}

TEST_CASE("the simulation of a rig has its options, where it has them") {
    v1::DaemonConfig config = lab();
    config.mutable_rigs(0)->set_max_batch(7);
    REQUIRE_FALSE(rig::simulation_of(config.rigs(1)));
    const auto simulation = rig::simulation_of(config.rigs(0));
    REQUIRE(simulation);
    REQUIRE(simulation->name() == "bench:simulation");
    REQUIRE(simulation->kind() == "electronic");
    REQUIRE(simulation->max_batch() == 7);
    const auto options = rig::new_rig_options("electronic");
    REQUIRE(simulation->options().UnpackTo(options.get()));
    std::string text;
    REQUIRE(google::protobuf::util::MessageToJsonString(*options, &text).ok());
    REQUIRE(text == R"({"holdTime":0.0002,"adcNodes":[2,4]})");
}

TEST_CASE("a rig of instruments is built without reaching any, from what is on the shelf") {
    const v1::DaemonConfig config = lab();
    SystemClock clock;
    Workers workers(1);
    rig::InstrumentSite site{.shelf = rig::make_shelf(config.instruments(), "/nowhere", clock, {}),
                             .calibrations = nullptr,
                             .version = "1"};
    // With every default filled in.
    const std::string rest =
        R"("digitiser": "scope", "dac_samples": 20, "dac_low": -2, "dac_high": 3,
        "hold_time": 1e-4, "rest_time": 0.012, "monitor": 3, "adc_first": 2, "adc_every": 2,
        "adc_range": 1, "points_per_hold": 10, "samples_per_record": 16, "limit_duty": 1,
        "retakes": 3})";
    v1::RigConfig bench =
        rig_of("bench", "electronic-instruments", R"({"generator": "awg", )" + rest);
    const auto error = [&] {
        try {
            static_cast<void>(rig::make_rig(bench, workers, clock, {}, site));
            return std::string();
        } catch (const Error& thrown) {
            return std::string(thrown.what());
        }
    };
    SECTION("as it is") {
        const rig::MadeRig made = rig::make_rig(bench, workers, clock, {}, site);
        REQUIRE(made.layer->spec().evidence == Evidence::hardware);
        REQUIRE(made.instruments->instruments().size() == 2);
        REQUIRE_FALSE(made.controls);
    }
    SECTION("nothing befalls it") {
        bench.mutable_simulation()->set_noise(0.1);
        REQUIRE(error() == "rig 'bench': simulation: nothing of it befalls a rig made of "
                           "instruments; its simulation is the rig 'bench:simulation', or one of "
                           "kind 'electronic'");
    }
    SECTION("without a shelf") {
        site.shelf = nullptr;
        REQUIRE(error() == "rig 'bench': it is made of instruments, and there are none");
    }
    SECTION("an instrument that is not there") {
        bench = rig_of("bench", "electronic-instruments", R"({"generator": "avg", )" + rest);
        REQUIRE(error() == "rig 'bench': generator: there is no instrument 'avg'; there are: "
                           "'awg', 'scope', 'spare'");
    }
}
