// Trained networks that are asked on their rigs, by the real programs.

#include "tests/integration/json_lines.hpp"
#include "tests/integration/run_files.hpp"
#include "tests/support/process.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

using nlohmann::json;
using phyll::test::Daemon;
using phyll::test::Finished;
using phyll::test::lines_of;

namespace {

/// 28 samples of two features that tell four classes, in a table.
std::string table() {
    std::string text = "a,speaker,kind,b\n";
    for (int i = 0; i < 28; ++i) {
        const int kind = i % 4;
        text += fmt::format("{},s{},k{},{}\n", kind % 2 * 2.0 + i * 0.03, i, kind,
                            kind / 2 * 2.0 - i * 0.02);
    }
    return text;
}

/// A run on it, whose test samples are all there is to know of: their rows are in the file.
std::string infer_run_on(const std::string& file) {
    return fmt::format(R"(
seed = 4
[data]
kind = "csv"
file = "{}"
label = "kind"
ignore = ["speaker"]
test_fraction = 0.5
[training]
epochs = 30
[[layers]]
rig = "cavity"
permutations = 2
[[layers]]
rig = "cavity"
skip = true
)",
                       file);
}

Finished infer(const Daemon& daemon, std::vector<std::string> more) {
    more.insert(more.begin(), {"--json", "infer"});
    return daemon.ctl(more);
}

} // namespace

TEST_CASE("a network of a run is asked about the run's data, and says what the run said") {
    Daemon daemon;
    const std::string data = daemon.write("kinds.csv", table()).string();
    const Finished trained =
        daemon.ctl({"--json", "run", "start", daemon.write("run.toml", infer_run_on(data)).string(),
                    "--watch"});
    INFO(trained.out << trained.err);
    REQUIRE(trained.status == 0);
    const json run = lines_of(trained.out).back();
    REQUIRE(run["classes"] == json::array({"k0", "k1", "k2", "k3"}));

    // All samples of both splits: as many are right as were right in the two together.
    const Finished asked = infer(daemon, {"1", "--in", data, "--scores"});
    INFO(asked.err);
    REQUIRE(asked.status == 0);
    const std::vector<json> lines = lines_of(asked.out);
    REQUIRE(lines.size() == 28 + 1);
    REQUIRE(lines[5]["label"] == "k1");
    REQUIRE(lines[5]["scores"].size() == 4);
    const json totals = lines.back();
    REQUIRE(totals["event"] == "inferred");
    REQUIRE(totals["samples"] == 28);
    REQUIRE(totals["queries"] == 28 * 4 * (2 + 1)); // labels; two orders, then one layer more
    REQUIRE(totals["evidence"] == "simulation");
    REQUIRE(totals["notices"].empty());
    REQUIRE(
        totals["accuracy"].get<double>() * 28 ==
        Approx(run["test_accuracy"].get<double>() * 14 + run["train_accuracy"].get<double>() * 14));

    // The same without names, from standard output's CSV, and with samples that leave early.
    std::string plain;
    for (int i = 0; i < 28; ++i) {
        plain += fmt::format("{},{}\n", i % 4 % 2 * 2.0 + i * 0.03, i % 4 / 2 * 2.0 - i * 0.02);
    }
    const Finished csv =
        daemon.ctl({"infer", "1", "--in", daemon.write("plain.csv", plain).string(), "--out", "-"});
    std::string expected = "class\n";
    for (std::size_t i = 0; i < 28; ++i) {
        expected += lines[i]["class"].get<std::string>() + "\n";
    }
    REQUIRE(csv.out == expected);
    const json early = lines_of(infer(daemon, {"1", "--in", data, "--early-exit", "0"}).out).back();
    REQUIRE(early["queries"] == 28 * 4 * 2);
    REQUIRE(early["saved_queries"] == 28 * 4);

    REQUIRE(daemon.ctl({"rig", "touched", "cavity", "--note", "new membrane"}).status == 0);
    const json after = lines_of(infer(daemon, {"1", "--in", data, "--wait"}).out).back();
    REQUIRE(after["notices"].size() == 1);
    REQUIRE(after["notices"][0].get<std::string>().find("era 2") != std::string::npos);
}

TEST_CASE("a network is asked under a lease or when its rig is free, and no other one") {
    Daemon daemon;
    const std::string text = R"(
[data]
kind = "vowels"
training_samples = 42
test_samples = 35
[scheme]
kind = "ridge"
[[layers]]
rig = "cavity"
)";
    REQUIRE(
        daemon.ctl({"run", "start", daemon.write("run.toml", text).string(), "--watch"}).status ==
        0);
    const std::string in =
        daemon.write("in.csv", "700,1800,2500,700,1800,2500,700,1800,2500,700,1800,2500\n")
            .string();
    const json lease = json::parse(daemon.ctl({"--json", "lease", "take", "cavity", "--wait"}).out);
    const Finished held = daemon.ctl({"infer", "1", "--in", in});
    REQUIRE(held.status == 6);
    REQUIRE(held.err.find("is held by") != std::string::npos);
    const Finished leased =
        daemon.ctl({"--lease", lease["token"].get<std::string>(), "infer", "1", "--in", in});
    INFO(leased.err);
    REQUIRE(leased.status == 0);
    REQUIRE(leased.out.find("1 sample: 1 queries") != std::string::npos);
    REQUIRE(daemon.ctl({"lease", "release", lease["token"].get<std::string>()}).status == 0);

    const auto refused = [&](const std::vector<std::string>& arguments, int status,
                             const std::string& says) {
        const Finished finished = daemon.ctl(arguments);
        INFO(finished.err);
        REQUIRE(finished.status == status);
        REQUIRE(finished.err.find(says) != std::string::npos);
    };
    refused({"infer", "7", "--in", in}, 3, "no run 7");
    refused({"infer", "1", "--in", daemon.write("short.csv", "1,2\n").string()}, 2, "12 features");
    refused({"infer", "1", "--in", in, "--early-exit", "0.1", "--wait"}, 2, "early_exit: ");
    REQUIRE(daemon.ctl({"rig", "disable", "cavity", "--note", "a new valve"}).status == 0);
    refused({"infer", "1", "--in", in}, 6, "disabled");
}
