// What is written about a run, against what phylld says of it.
#include "tests/integration/run_files.hpp"
#include "tests/support/process.hpp"

#include "drivers/core/text.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

using namespace phyll;
using Catch::Contains;
using nlohmann::json;
using test::Daemon;
using test::Finished;

namespace {

/// A page is XML; prints the texts of its tables, row by row, and those of its pictures.
constexpr const char* read_page = R"(
import json, sys, xml.etree.ElementTree as tree
page = tree.parse(sys.argv[1])
spaces = {"h": "http://www.w3.org/1999/xhtml", "s": "http://www.w3.org/2000/svg"}
text = lambda element: "".join(element.itertext()).strip()
print(json.dumps({
    "title": text(page.find(".//h:title", spaces)),
    "rows": [[text(cell) for cell in row] for row in page.iterfind(".//h:tbody/h:tr", spaces)],
    "file": text(page.find(".//h:pre", spaces)),
    "pictures": [[text(label) for label in svg.iterfind(".//s:text", spaces)]
                 for svg in page.iterfind(".//h:figure/s:svg", spaces)]}))
)";

std::string bytes_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

json run_and_show(const Daemon& daemon, const std::string& text) {
    const Finished started =
        daemon.ctl({"run", "start", "--watch", daemon.write("run.toml", text).string()});
    INFO(started.err);
    REQUIRE(started.status == 0);
    return json::parse(daemon.ctl({"--json", "run", "show", "1"}).out);
}

json exported_page(const Daemon& daemon) {
    const std::string file = (daemon.folder() / "report.html").string();
    const Finished exported = daemon.ctl({"--json", "run", "export", "1", "--report", file});
    INFO(exported.err);
    REQUIRE(exported.status == 0);
    const json said = json::parse(exported.out);
    CHECK(said["what"] == "report");
    CHECK(said["bytes"] == std::filesystem::file_size(file));
    const Finished read =
        test::run_command({"/usr/bin/python3", daemon.write("read.py", read_page).string(), file});
    INFO(read.err);
    REQUIRE(read.status == 0);
    return json::parse(read.out);
}

std::string in_percent(const json& share) {
    return fmt::format("{:.1f} %", 100 * share.get<double>());
}

} // namespace

TEST_CASE("a report has the numbers that phylld gives of a run") {
    Daemon daemon;
    const json run = run_and_show(daemon, test::short_run);
    const json page = exported_page(daemon);
    CHECK(page["title"] == "Run 1: short");
    CHECK(page["file"].get<std::string>() + "\n" == test::short_run.substr(1));
    const json& own = page["rows"][0];
    CHECK(own[0] == "this run");
    CHECK(own[1] == in_percent(run["test_accuracy"]));
    CHECK(own[3] == in_percent(run["train_accuracy"]));
    CHECK(own[4] == with_thousands(run["hardware_queries"].get<std::uint64_t>()));
    CHECK(page["rows"][1] ==
          std::vector<std::string>{"physics only", "not measured", "", "", "", ""});
    CHECK(page["rows"][2][0] == "without physics");
    for (const json& control : run["controls"]) {
        if (control["kind"] == "without_physics") {
            CHECK(page["rows"][2][1] == in_percent(control["test_accuracy"]));
        }
    }
    // Of each layer what it cost.
    for (std::size_t layer = 0; layer < 2; ++layer) {
        const json& row = page["rows"][8 + layer];
        CHECK(row[1] == "cavity");
        CHECK(row[2] == std::to_string(run["layers"][layer]["training_queries"].get<int>()));
        CHECK(row[3] == std::to_string(run["layers"][layer]["evaluation_queries"].get<int>()));
    }
    CHECK(page["pictures"][0][0] == "Loss");
}

TEST_CASE("a read-out's report has its confusion matrix") {
    Daemon daemon;
    const json run = run_and_show(daemon, R"(
name = "read"
seed = 3
scheme = { kind = "ridge" }
[data]
kind = "vowels"
training_samples = 140
test_samples = 70
[[layers]]
rig = "cavity"
)");
    const json& judgement = run["test_judgement"];
    REQUIRE(judgement["classes"] == 7);
    REQUIRE(run["classes"].size() == 7);
    int all = 0;
    int right = 0;
    for (std::size_t cell = 0; cell < 49; ++cell) {
        all += judgement["confusion"][cell].get<int>();
        right += cell % 8 == 0 ? judgement["confusion"][cell].get<int>() : 0;
    }
    CHECK(all == 70);
    CHECK(right == std::lround(70 * run["test_accuracy"].get<double>()));
    const json page = exported_page(daemon);
    REQUIRE(page["pictures"].size() == 1); // no epochs, no goodness
    CHECK(page["pictures"][0][0] == "Confusion of the test samples");
    const auto labels = page["pictures"][0].get<std::vector<std::string>>();
    CHECK(std::ranges::count(labels, std::to_string(judgement["confusion"][0].get<int>())) > 0);
    CHECK(std::ranges::count(labels, run["classes"][0].get<std::string>()) == 2); // row, column

    const std::string picture = (daemon.folder() / "report.png").string();
    REQUIRE(daemon.ctl({"run", "export", "1", "--png", picture}).status == 0);
    CHECK(bytes_of(picture).starts_with("\x89PNG\r\n\x1a\n"));
}

TEST_CASE("methods have the numbers that phylld gives of a run") {
    Daemon daemon;
    const json run = run_and_show(daemon, test::short_run);
    const Finished told = daemon.ctl({"--json", "run", "export", "1", "--methods"});
    INFO(told.err);
    REQUIRE(told.status == 0);
    const json methods = json::parse(told.out);
    const std::string paragraph = methods["paragraph"];
    CHECK_THAT(paragraph, Contains("The test accuracy was " + in_percent(run["test_accuracy"])));
    CHECK_THAT(paragraph,
               Contains(fmt::format("queried {} times for training and {} times for evaluation",
                                    run["training_queries"].get<int>(),
                                    run["evaluation_queries"].get<int>())));
    CHECK_THAT(paragraph, Contains("42 training samples and 35 test samples"));
    CHECK_THAT(paragraph, Contains("6 epochs a layer") && Contains("Adam"));
    CHECK_THAT(paragraph, Contains("The rig cavity (acoustic, 20 inputs, 20 outputs) is a "
                                   "simulation"));
    CHECK_THAT(methods["table"], Contains("\\toprule") && Contains("Seed & 3"));
    // The same for people, beside a report of the same call.
    const std::string file = (daemon.folder() / "both.html").string();
    const Finished both = daemon.ctl({"run", "export", "1", "--methods", "--report", file});
    CHECK(both.status == 0);
    CHECK_THAT(both.out, Contains(paragraph));
    CHECK(std::filesystem::exists(file));
    CHECK(daemon.ctl({"run", "export", "1"}).status == 2);
    CHECK(daemon.ctl({"run", "export", "9", "--methods"}).status == 3);
}
