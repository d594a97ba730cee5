// Runs on a sound server with a simulated cavity that goes away under them, or misbehaves, and what
// else is done with such a rig.

#include "sim/bench/acoustic/acoustic_bench.hpp"
#include "tests/integration/run_files.hpp"
#include "tests/integration/run_lab.hpp"
#include "tests/support/await.hpp"
#include "tests/support/text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <fstream>
#include <string>

using namespace phyll;
using bench::Fault;
using Catch::Contains;
using nlohmann::json;
using test::RunLab;

namespace {

const std::string vowels = test::one_layer_run("rig = \"sound\"\n", 14, 7);

json finished(RunLab& lab, const std::string& run) {
    json ended = lab.result(run);
    INFO(ended.dump(2));
    REQUIRE(ended["state"] == "succeeded");
    REQUIRE(ended["evidence"] == "virtual instruments");
    test::await([&] { return !lab.output_on("audio"); });
    // Whatever happened, no speaker was ever told to jump.
    REQUIRE(lab.figure("audio", "steps") == 0);
    return ended;
}

/// Of two runs that measured the same, but for what was left of what was played before.
void require_alike(const json& a, const json& b) {
    REQUIRE(a["test_accuracy"] == b["test_accuracy"]);
}

void panel(RunLab& lab, const std::string& text) {
    lab.bench.misbehave("audio", {.fault = Fault::panel, .text = text});
}

} // namespace

// Four runs.
TEST_CASE("an acoustic run whose sound server is killed is held in silence, and goes on",
          "[long]") {
    RunLab lab(*bench::acoustic_plan({}), "sound");
    const json right = finished(lab, lab.start(vowels, "--yes"));
    REQUIRE(lab.daemon.ctl({"rig", "touched", "sound", "--note", "anew"}).status == 0);
    const Fault fault = GENERATE(Fault::power_cycle, Fault::disconnect);
    lab.bench.misbehave("audio", {.fault = fault, .at = 30, .seconds = Seconds(1)});
    const std::string run = lab.start(vowels, "--yes");
    REQUIRE_FALSE(lab.driven_while_held(run, "audio"));
    const json ended = finished(lab, run);
    REQUIRE(ended["holds"].get<int>() >= 1);
    require_alike(ended, right);
}

TEST_CASE("an acoustic run learns the same where periods come too late, or the latency changes") {
    RunLab lab(*bench::acoustic_plan({}), "sound");
    const json right = finished(lab, lab.start(vowels, "--yes"));
    REQUIRE(lab.daemon.ctl({"rig", "touched", "sound", "--note", "anew"}).status == 0);
    const std::uint64_t blocks = lab.figure("audio", "blocks");
    const std::string run = lab.start(vowels, "--yes");
    test::await([&] { return lab.figure("audio", "blocks") > blocks + 3; });
    panel(lab, "delay 77");
    test::await([&] { return lab.figure("audio", "blocks") > blocks + 6; });
    panel(lab, "stall 2");
    require_alike(finished(lab, run), right);
    const json rig = json::parse(lab.daemon.ctl({"--json", "rigs", "sound"}).out);
    REQUIRE_THAT(rig.dump(), Contains("again"));
}

// In real time, which a sanitizer has not.
TEST_CASE("what a phylld played fades away when it is killed", "[long]") {
    bench::AcousticBench kind;
    kind.real_time = true;
    kind.period = 1024; // a busy machine keeps up with that
    RunLab lab(*bench::acoustic_plan(kind), "sound");
    const test::Process jog(lab.daemon.ctl_command({"rig", "jog", "sound", "--tone", "2900Hz",
                                                    "--level", "-12dBFS", "--for", "10min"}),
                            lab.daemon.folder() / "jog.log");
    test::await([&] { return lab.output_on("audio"); });
    lab.daemon.kill();
    test::await([&] { return !lab.output_on("audio"); });
    REQUIRE(lab.figure("audio", "steps") == 0);
}

TEST_CASE("a tone is held by hand, and what was heard of it saved as sound and as a spectrum") {
    RunLab lab(*bench::acoustic_plan({}), "sound");
    const auto jog = [&](std::vector<std::string> more) {
        more.insert(more.begin(), {"rig", "jog", "sound"});
        return lab.daemon.ctl(more);
    };
    const auto held = jog({"--tone", "440Hz", "--level", "-20dBFS", "--for", "2s"});
    REQUIRE(held.err.empty());
    REQUIRE(held.out == "sound was held for 2.0 s; it is safe again\n");
    const std::string name = lab.daemon.write("here", "").string();
    const auto saved = lab.daemon.ctl({"rig", "snapshot", "sound", "--out", name});
    REQUIRE(saved.err.empty());
    REQUIRE_THAT(saved.out, Contains("440 Hz") && Contains("dB SPL") && Contains(name + ".wav") &&
                                Contains(name + ".png"));
    const auto begins = [&](const char* ending, std::size_t place, const std::string& with) {
        std::ifstream in(name + ending, std::ios::binary);
        const std::string content{std::istreambuf_iterator<char>(in), {}};
        return content.substr(place, with.size()) == with;
    };
    REQUIRE(begins(".png", 0, "\x89PNG"));
    REQUIRE(begins(".wav", 0, "RIFF"));
    REQUIRE(begins(".wav", 8, "WAVE"));

    const auto refused = [&](std::vector<std::string> more, const std::string& why) {
        more.insert(more.end(), {"--for", "1s"});
        const auto wrong = jog(more);
        REQUIRE(wrong.status != 0);
        REQUIRE_THAT(wrong.err, Contains(why));
    };
    refused({"--tone", "440Hz"}, "a tone is --tone with --level");
    refused({"--tone", "440Hz", "--level", "3dBFS"}, "level: 3 dBFS; valid is 0 dBFS at most");
    refused({"--tone", "440Hz", "--level", "-1dBFS"}, "is the limit");
    refused({"--tone", "30kHz", "--level", "-20dBFS"}, "frequency: 30000; valid is 1 to 24000");
    refused({"--tone", "440Hz", "--level", "-20dBFS", "--channel", "4"},
            "channel: 4; valid is 0 to 3");
    refused({"--pattern", "checker"}, "held at a tone");
    REQUIRE_FALSE(lab.output_on("audio"));
    REQUIRE(lab.figure("audio", "steps") == 0);
}
