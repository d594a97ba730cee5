// Rigs made of recordings, as a lab has them: files in the data directory.
#include "tests/support/process.hpp"

#include "clients/cpp/client.hpp"
#include "drivers/core/journal/reader.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <phyll/v1/rigs.pb.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <utility>

using namespace phyll;
using Catch::Contains;
using nlohmann::json;
using test::Daemon;
using test::Finished;

namespace {

void write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path) << text;
}

/// A device of two inputs, from 0 to 4 V, and one output.
void record(const std::filesystem::path& folder) {
    std::string x = "left,right\n";
    std::string y = "sound\n";
    for (int i = 0; i <= 8; ++i) {
        for (int j = 0; j <= 8; ++j) {
            x += fmt::format("{},{}\n", i / 2.0, j / 2.0);
            y += fmt::format("{}\n", std::sin(i / 4.0) + 0.1 * i * j);
        }
    }
    write(folder / "x.csv", x);
    write(folder / "y.csv", y);
}

std::string lab(const std::filesystem::path& folder) {
    std::string text = fmt::format("data_dir = \"{}\"\n", folder.string());
    for (const char* kind : {"replay", "twin"}) {
        text += fmt::format(R"(
[[rigs]]
name = "the-{0}"
kind = "{0}"
[rigs.options.recording]
stimuli = "x.csv"
responses = "y.csv"
one = [4]
stimulus_unit = "V"
source = "a test's device"
)",
                            kind);
    }
    return text;
}

const std::string optical_run = R"(
[data]
kind = "vowels"
training_samples = 42
test_samples = 35
[training]
epochs = 2
[[layers]]
rig = "slm"
)";

Finished ctl(const Daemon& daemon, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {PHYLL_BIN_DIR "/phyllctl", "--endpoint", daemon.ipc(), "--json"});
    return test::run_command(arguments);
}

} // namespace

TEST_CASE("a lab of a replay and a twin answers, and says what it is made of") {
    const test::TempDir folder;
    record(folder.path());
    Daemon daemon(lab(folder.path()));
    const std::string known = (folder.path() / "known.csv").string();
    const std::string unknown = (folder.path() / "unknown.csv").string();
    write(known, "left,right\n1.5,2\n0,4\n");
    write(unknown, "left,right\n1.5,2\n0.7,4\n");

    const json replay = json::parse(ctl(daemon, {"rigs", "the-replay"}).out);
    REQUIRE(replay["evidence"] == "replay");
    REQUIRE(replay["closed_domain"] == true);
    REQUIRE_THAT(replay["evidence_of"].get<std::string>(),
                 Contains("a test's device: x.csv (sha256 "));
    REQUIRE(replay["input_channels"][1]["name"] == "right");
    REQUIRE(replay["input_channels"][1]["at_one"] == 4.0);
    const json twin = json::parse(ctl(daemon, {"rigs", "the-twin"}).out);
    REQUIRE(twin["evidence"] == "replay (twin)");
    REQUIRE_THAT(twin["notes"].dump(), Contains("held-out R^2 "));
    REQUIRE_THAT(twin["output_channels"][0]["note"].get<std::string>(), Contains("R^2 "));
    REQUIRE_THAT(daemon.log(), Contains("rig 'the-twin': held-out R^2 "));

    const auto ask = [&](const std::string& rig, const std::string& file) {
        return ctl(daemon, {"query", rig, "--units", "physical", "--in", file});
    };
    REQUIRE_THAT(ask("the-replay", known).out,
                 Contains(fmt::format("{}", static_cast<float>(std::sin(0.75) + 1.2))));
    const Finished refused = ask("the-replay", unknown);
    REQUIRE(refused.status == 3);
    REQUIRE_THAT(refused.out + refused.err,
                 Contains("sample 1 was not recorded") && Contains("0.05 away"));
    REQUIRE(ask("the-twin", unknown).status == 0);
    REQUIRE(ctl(daemon, {"rig", "characterise", "the-replay"}).status == 6);
}

TEST_CASE("the replay of a run's journal answers what the run measured, bit for bit") {
    Daemon daemon("[[rigs]]\nname = \"slm\"\nkind = \"optical\"\n"
                  "options = { width = 8, height = 4, outputs = 40 }\n");
    REQUIRE(daemon.ctl({"run", "start", "--watch", daemon.write("run.toml", optical_run).string()})
                .status == 0);
    const std::filesystem::path path = daemon.state_dir() / "runs" / "1" / "journal";
    REQUIRE(daemon.stop() == 0);
    const journal::Reader reader(path);
    REQUIRE(reader.header().rigs[0].response_storage.kind == StorageFormat::Kind::u8);
    const auto facts = std::get<journal::FactsView>(reader.record(0));
    OwnedBlock x(32, facts.samples);
    OwnedBlock expected(40, facts.samples);
    for (std::size_t i = 0; i < facts.samples; ++i) {
        facts.read_stimulus(i, x.sample(i));
        facts.read_response(i, expected.sample(i));
    }

    daemon.configure(fmt::format("[[rigs]]\nname = \"again\"\nkind = \"replay\"\n"
                                 "[rigs.options.recording]\njournal = \"{}\"\n",
                                 path.string()));
    daemon.start();
    const json rig = json::parse(daemon.ctl({"--json", "rigs", "again"}).out);
    REQUIRE(rig["evidence"] == "replay");
    REQUIRE_THAT(rig["evidence_of"].get<std::string>(),
                 Contains(path.string() + " (sha256 ") && Contains("run 1, rig 'slm' (optical)"));
    Client client(daemon.tcp());
    v1::QueryRequest request;
    request.set_rig("again");
    request.mutable_stimuli()->set_channels(32);
    request.mutable_stimuli()->set_samples(facts.samples);
    OwnedBlock y;
    const auto query = [&] {
        client.call<v1::QueryReply>("phyll.v1.Rigs/Query", request, std::as_const(x).view(), y,
                                    std::nullopt);
    };
    query();
    REQUIRE(std::ranges::equal(y.view().values(), expected.view().values()));
    // A pixel that is one level away.
    float& pixel = x.sample(0)[0];
    pixel = static_cast<float>(std::round(pixel * 255) < 255 ? (std::round(pixel * 255) + 1) / 255
                                                             : 254.0 / 255);
    REQUIRE_THROWS_WITH(query(), Contains("sample 0 was not recorded") && Contains("0.00392 away"));
}

TEST_CASE("a recording that is not there is named with the folder where it was looked for") {
    const test::TempDir folder;
    write(folder.path() / "lab.toml", lab(folder.path()));
    const Finished check = test::run_command(
        {PHYLL_BIN_DIR "/phylld", "--check", "--config", (folder.path() / "lab.toml").string()});
    REQUIRE(check.status == 1);
    REQUIRE_THAT(check.err, Contains("rig 'the-replay': recording.stimuli: phylld cannot read " +
                                     (folder.path() / "x.csv").string()) &&
                                Contains("data directory, " + folder.path().string()));
}
