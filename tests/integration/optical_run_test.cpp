// Runs on a virtual display and a virtual camera that go away under them, or fall out of step, and
// what else is done with such a rig.

#include "clients/cli/frame_files.hpp"
#include "sim/bench/optical/optical_bench.hpp"
#include "tests/conformance/small_optical.hpp"
#include "tests/integration/run_files.hpp"
#include "tests/integration/run_lab.hpp"
#include "tests/integration/screen.hpp"
#include "tests/support/await.hpp"
#include "tests/support/text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

using namespace phyll;
using bench::Fault;
using Catch::Contains;
using conformance::small_optical_bench;
using nlohmann::json;
using test::RunLab;

namespace {

const std::string vowels = test::one_layer_run("rig = \"speckle\"\nwidth = 20\n");

std::string file(const std::string& name) {
    std::ifstream in(name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// What a run learns that nothing disturbs.
json undisturbed(RunLab& lab) {
    json ended = lab.result(lab.start(vowels, "--yes"));
    REQUIRE(ended["state"] == "succeeded");
    REQUIRE(ended["evidence"] == "virtual instruments");
    return ended;
}

} // namespace

TEST_CASE("an optical run whose instrument goes away is held with the display dark, and goes on") {
    RunLab lab(*bench::optical_plan(small_optical_bench()), "speckle");
    const json right = undisturbed(lab);
    REQUIRE(lab.daemon.ctl({"rig", "touched", "speckle", "--note", "anew"}).status == 0);
    SECTION("the display") {
        const Fault fault = GENERATE(Fault::power_cycle, Fault::disconnect);
        lab.bench.misbehave("slm", {.fault = fault, .at = 150, .seconds = Seconds(1)});
        const std::string run = lab.start(vowels, "--yes");
        REQUIRE_FALSE(lab.driven_while_held(run, "slm"));
        const json ended = lab.result(run);
        REQUIRE(ended["state"] == "succeeded");
        REQUIRE(ended["holds"].get<int>() >= 1);
        REQUIRE(ended["weights_sha256"] == right["weights_sha256"]);
    }
    SECTION("the camera") {
        const std::uint64_t before = lab.figure("camera", "frames");
        const std::string run = lab.start(vowels, "--yes");
        test::await([&] { return lab.figure("camera", "frames") > before + 50; });
        lab.bench.misbehave("camera", {.fault = Fault::power_cycle, .seconds = Seconds(2)});
        REQUIRE_FALSE(lab.driven_while_held(run, "slm"));
        const json ended = lab.result(run);
        REQUIRE(ended["state"] == "succeeded");
        REQUIRE(ended["holds"].get<int>() >= 1);
        REQUIRE(ended["weights_sha256"] == right["weights_sha256"]);
    }
    test::await([&] { return !lab.output_on("slm"); });
}

TEST_CASE("an optical run learns the same where packets are lost, or the display becomes late") {
    RunLab lab(*bench::optical_plan(small_optical_bench()), "speckle");
    const json right = undisturbed(lab);
    REQUIRE(lab.daemon.ctl({"rig", "touched", "speckle", "--note", "anew"}).status == 0);
    SECTION("1 % of packets") {
        lab.bench.misbehave("camera", {.fault = Fault::panel, .text = "lose 0.01"});
        const json ended = undisturbed(lab);
        REQUIRE(ended["weights_sha256"] == right["weights_sha256"]);
    }
    SECTION("a display that is one picture late from some picture on") {
        lab.bench.misbehave("slm", {.fault = Fault::late, .at = 100});
        const json ended = undisturbed(lab);
        REQUIRE(ended["weights_sha256"] == right["weights_sha256"]);
        const json rig = json::parse(lab.daemon.ctl({"--json", "rigs", "speckle"}).out);
        REQUIRE_THAT(rig.dump(), Contains("the display shows a picture only when it is sent 2 "
                                          "times"));
    }
}

TEST_CASE("a snapshot of an optical rig is a picture, and counts for numpy") {
    bench::OpticalBench kind = small_optical_bench();
    const unsigned bits = GENERATE(8U, 16U);
    kind.nature.device.bits = bits;
    RunLab lab(*bench::optical_plan(kind), "speckle");
    const std::string name = lab.daemon.write("here", "").string();
    const auto saved = lab.daemon.ctl({"--json", "rig", "snapshot", "speckle", "--out", name});
    REQUIRE(saved.err.empty());
    REQUIRE(saved.status == 0);
    REQUIRE(json::parse(saved.out)["files"] == json{name + ".png", name + ".npy"});
    REQUIRE_FALSE(lab.output_on("slm"));
    const std::string picture = file(name + ".png");
    REQUIRE(picture.substr(0, 8) == "\x89PNG\r\n\x1a\n");
    REQUIRE(static_cast<unsigned>(picture.at(24)) == bits);
    REQUIRE(picture.at(25) == 0); // grey
    const std::string counts = file(name + ".npy");
    REQUIRE_THAT(counts, Contains(bits == 8 ? "'|u1'" : "'<u2'") && Contains("'shape': (24, 28)"));
    REQUIRE(counts.size() % 64 == 24 * 28 * bits / 8 % 64);

    // The checker is another picture, and the whole sensor a larger one.
    const auto posed = lab.daemon.ctl({"rig", "snapshot", "speckle", "--out", name + "-checker",
                                       "--pattern", "checker", "--whole"});
    REQUIRE(posed.status == 0);
    REQUIRE(std::filesystem::file_size(name + "-checker.npy") > 10 * counts.size());
}

TEST_CASE("an optical rig is held in a pose by hand, and dark then") {
    RunLab lab(*bench::optical_plan(small_optical_bench()), "speckle");
    const auto command = [&](std::vector<std::string> more) {
        more.insert(more.begin(), {"rig", "jog", "speckle"});
        return lab.daemon.ctl_command(more);
    };
    SECTION("for a while") {
        test::Process jog(command({"--channel", "3", "--drive", "0.5", "--for", "2s"}),
                          lab.daemon.folder() / "jog.log");
        test::await([&] { return lab.output_on("slm"); });
        REQUIRE(jog.read_line() == "speckle was held for 2.0 s; it is safe again");
        REQUIRE(jog.wait() == 0);
    }
    SECTION("until somebody has enough") {
        test::Process jog(command({"--pattern", "checker", "--for", "10min"}),
                          lab.daemon.folder() / "jog.log");
        test::await([&] { return lab.output_on("slm"); });
        jog.signal(SIGINT);
        REQUIRE(jog.wait() != 0);
        test::await([&] { return !lab.output_on("slm"); });
    }
    SECTION("in one that is none") {
        const auto refused = [&](std::vector<std::string> more, const std::string& why) {
            more.insert(more.begin(), {"rig", "jog", "speckle", "--for", "1s"});
            const auto jog = lab.daemon.ctl(more);
            REQUIRE(jog.status != 0);
            REQUIRE_THAT(jog.err, Contains(why));
        };
        refused({"--channel", "30", "--drive", "1"}, "channel: 30; valid is 0 to 29");
        refused({"--channel", "0", "--drive", "1.5"}, "drive: 1.5; valid is 0 to 1");
        refused({"--channel", "0"}, "valid is --channel with --drive, --pattern, or --tone");
        refused({"--pattern", "stripes"}, "'stripes'; valid are checker and blank");
        refused({"--pattern", "nowhere.png"}, "'nowhere.png' is not there");
        refused({"--pattern", lab.daemon.write("no.png", "text").string()},
                "cannot be read as a PNG file");
        const auto jog =
            lab.daemon.ctl({"rig", "jog", "speckle", "--pattern", "blank", "--for", "11min"});
        REQUIRE_THAT(jog.err, Contains("seconds: 660; valid is above 0 to 600"));
    }
    REQUIRE_FALSE(lab.output_on("slm"));
}

TEST_CASE("1,000 digits are on instruments what they are in simulation, count by count", "[long]") {
    bench::OpticalBench kind;
    kind.nature.device.camera_noise = 0.0;
    kind.nature.device.outputs = 100;
    bench::Bench instruments(*bench::optical_plan(kind));
    std::string config = instruments.config();
    const std::string options = "options = { slm";
    config.replace(config.find(options), options.size(), "options = { exposure_fixed = true, slm");
    const test::TempDir locks;
    const test::Daemon daemon("lock_dir = \"" + locks.path().string() + "\"\n" + config + R"(
[[rigs]]
name = "simulated"
kind = "optical"
options = { outputs = 100, camera_noise = 0 }
)");
    REQUIRE(daemon.ctl({"rig", "calibrate", "speckle"}).status == 0);
    const auto learnt = [&](const std::string& rig) {
        const std::string file = daemon
                                     .write(rig + ".toml", R"(
[data]
kind = "digits"
training_samples = 1000
test_samples = 200
[scheme]
kind = "ridge"
[[layers]]
encoding = { kind = "direct" }
rig = ")" + rig + "\"\n")
                                     .string();
        REQUIRE(daemon.ctl({"run", "start", file, "--yes"}).status == 0);
        static_cast<void>(daemon.ctl({"run", "watch", rig == "speckle" ? "1" : "2"}));
        return test::show(daemon, rig == "speckle" ? "1" : "2");
    };
    const json real = learnt("speckle");
    const json computed = learnt("simulated");
    REQUIRE(real["state"] == "succeeded");
    REQUIRE(real["evidence"] == "virtual instruments");
    REQUIRE(computed["evidence"] == "simulation");
    REQUIRE(real["weights_sha256"] == computed["weights_sha256"]);
    REQUIRE(real["test_accuracy"] == computed["test_accuracy"]);
    REQUIRE(real["test_accuracy"].get<double>() > 0.5);
}

namespace {

/// A screen, a phyllslm on it, and a camera that looks at the screen.
struct ScreenLab {
    explicit ScreenLab(const bench::OpticalBench& small = small_optical_bench())
        : screen(small.width, small.height), slm(std::in_place, screen, "0"), kind(small) {
        kind.screen = screen.display();
        kind.screen_address = slm->address();
        lab.emplace(*bench::optical_plan(kind), "speckle");
    }

    test::XScreen screen;
    std::optional<test::SlmProgram> slm;
    bench::OpticalBench kind;
    std::optional<RunLab> lab;
};

bool is_dark(const std::vector<std::uint8_t>& levels) {
    return std::ranges::all_of(levels, [](std::uint8_t level) { return level == 0; });
}

} // namespace

TEST_CASE("what the display shows is the pattern, pixel by pixel") {
    ScreenLab on;
    v1::FrameSnapshot pattern;
    pattern.set_width(64);
    pattern.set_height(48);
    pattern.set_bits(8);
    std::vector<std::uint8_t> levels;
    for (std::size_t k = 0; k < std::size_t{64} * 48; ++k) {
        levels.push_back(static_cast<std::uint8_t>((k * 37 + k / 64) % 256));
        pattern.mutable_counts()->push_back(static_cast<char>(levels.back()));
        pattern.mutable_counts()->push_back('\0');
    }
    const auto png = cli::png_of(pattern);
    const std::string file =
        on.lab->daemon.write("pattern.png", {reinterpret_cast<const char*>(png.data()), png.size()})
            .string();
    test::Process jog(
        on.lab->daemon.ctl_command({"rig", "jog", "speckle", "--pattern", file, "--for", "10min"}),
        on.lab->daemon.folder() / "jog.log");
    test::await([&] { return on.screen.levels() == levels; });
    jog.signal(SIGINT);
    static_cast<void>(jog.wait());
    test::await([&] { return is_dark(on.screen.levels()); });
}

TEST_CASE("a run goes on when the program that shows its pictures died, and the screen is dark") {
    ScreenLab on;
    const json right = undisturbed(*on.lab);
    REQUIRE(on.lab->daemon.ctl({"rig", "touched", "speckle", "--note", "anew"}).status == 0);
    const std::string run = on.lab->start(vowels, "--yes");
    test::await([&] { return !is_dark(on.screen.levels()); });
    const std::string port = on.slm->port();
    on.slm->process().signal(SIGKILL);
    on.slm->process().wait();
    test::await([&] { return on.lab->show(run)["state"] == "held"; });
    REQUIRE(is_dark(on.screen.levels()));
    on.slm.reset();
    on.slm.emplace(on.screen, port);
    const json ended = on.lab->result(run);
    REQUIRE(ended["state"] == "succeeded");
    REQUIRE(ended["weights_sha256"] == right["weights_sha256"]);
    test::await([&] { return is_dark(on.screen.levels()); });
}
