// The optical bench as a program, and clients that were made for real cameras.

#include "tests/integration/phyllsim_program.hpp"
#include "tests/support/text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <string>

using nlohmann::json;
using namespace phyll;
using test::Finished;
using test::require_refused;
using test::Sim;

namespace {

const std::vector<std::string> small{"--bench",          "optical", "--display-width", "64",
                                     "--display-height", "48",      "--width",         "6",
                                     "--height",         "5",       "--outputs",       "40"};

std::vector<std::string> with(std::vector<std::string> options) {
    options.insert(options.begin(), small.begin(), small.end());
    return options;
}

} // namespace

TEST_CASE("phyllsim --bench optical says what it is made of") {
    Sim sim(with({"--display-latency", "0.02", "--camera-noise", "0"}));
    REQUIRE(sim.ready().at("bench") == "optical");
    const json& instruments = sim.ready().at("instruments");
    REQUIRE(instruments.at(0).at("name") == "slm");
    REQUIRE(instruments.at(1).at("name") == "camera");
    REQUIRE(sim.address(1) == "127.0.0.1");
    const Finished finished =
        test::run_command({"/bin/cat", sim.ready().at("config").get<std::string>()});
    for (const std::string& part :
         {sim.address(0), std::string("kind = \"optical-instruments\""),
          std::string("width = 6, height = 5, outputs = 40, super_pixel = 4, bits = 8, modulation "
                      "= \"phase\""),
          std::string("settle_time = 0.04")}) {
        INFO(finished.out);
        REQUIRE(test::contains(finished.out, part));
    }
    REQUIRE(sim.status(0).at("outputs").at(0).at("on") == false);
    REQUIRE(sim.ctl({"misbehave", "slm", "late"}).status == 0);
    REQUIRE(sim.ctl({"misbehave", "slm", "cut"}).status == 0);
    REQUIRE(sim.ctl({"misbehave", "camera", "stale"}).status == 0);
    for (const char* text : {"lose 0.01", "stick exposure", "free exposure", "occupy 0.1"}) {
        REQUIRE(sim.ctl({"misbehave", "camera", "panel", "--text", text}).status == 0);
    }
    const Finished wrong = sim.ctl({"misbehave", "camera", "panel", "--text", "lose 2"});
    REQUIRE(wrong.status != 0);
    REQUIRE(test::contains(wrong.err, "'2'; valid is a number from 0 to 1"));
}

TEST_CASE("phyllsim says why an optical bench cannot be") {
    require_refused(with({"--super-pixel", "0"}), "super-pixel: 0; valid is 1 to 64");
    require_refused({"--bench", "optical", "--display-width", "20"},
                    "display-width: 20; valid is 28 to ");
    require_refused(with({"--display-latency", "-1"}), "display-latency: -1; valid is 0 to 60");
    require_refused(with({"--screen", ":1"}), "screen: needs screen-address");
    require_refused(
        with({"--screen", ":12345", "--screen-address", "TCPIP0::127.0.0.1::9::SOCKET"}), ":12345");
    Sim first(with({}));
    require_refused(with({}), "another camera");
}

TEST_CASE("phyllsim --bench all has the instruments of all benches") {
    Sim sim({"--bench", "all", "--points", "20", "--cavity", "wire_spacing=0.25", "--noise", "0.01",
             "--vna-noise", "0.001", "--transfer-time", "0.001"});
    std::string names;
    for (const json& instrument : sim.ready().at("instruments")) {
        names += instrument.at("name").get<std::string>() + ' ';
    }
    REQUIRE(names == "generator digitiser vna metasurface slm camera audio ");
    const Finished finished =
        test::run_command({"/bin/cat", sim.ready().at("config").get<std::string>()});
    for (const char* rig : {"ladder", "cavity", "speckle", "sound"}) {
        REQUIRE(test::contains(finished.out, std::string("name = \"") + rig + "\""));
    }
}

TEST_CASE("arv-tool sets the camera up, and arv-camera-test takes frames of it") {
    Sim sim(with({}));
    const Finished found = test::run_command({"/usr/bin/arv-tool-0.8"});
    INFO(found.out + found.err);
    REQUIRE(test::contains(found.out, "(127.0.0.1)"));
    const Finished set =
        test::run_command({"/usr/bin/arv-tool-0.8", "-a", "127.0.0.1", "control", "Width=32",
                           "ExposureTimeAbs=2000", "Width", "ExposureTimeAbs"});
    INFO(set.out + set.err);
    REQUIRE(test::contains(set.out, "Width = 32"));
    REQUIRE(test::contains(set.out, "ExposureTimeAbs = 2000"));
    const Finished taken =
        test::run_command({"/usr/bin/arv-camera-test-0.8", "-n", "127.0.0.1", "--software-trigger",
                           "50", "--no-packet-socket", "--duration", "2"});
    INFO(taken.out + taken.err);
    REQUIRE(taken.status == 0);
    REQUIRE(test::contains(taken.out, "n_completed_buffers"));
    REQUIRE(sim.status(1).at("frames") > 20);
}
