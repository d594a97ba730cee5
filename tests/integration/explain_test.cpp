#include "tests/support/process.hpp"
#include "tests/support/text.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <sstream>

using namespace phyll;
using phyll::test::contains;
using test::Finished;
using test::run_command;

namespace {

Finished explain(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {PHYLL_BIN_DIR "/phylld", "--explain"});
    return run_command(arguments);
}

/// The first line in which two texts differ, from both.
std::string first_difference(const std::string& a, const std::string& b) {
    std::istringstream left(a);
    std::istringstream right(b);
    std::string x;
    std::string y;
    do {
        x = std::getline(left, x) ? x : "the end";
        y = std::getline(right, y) ? y : "the end";
    } while (x == y && left && right);
    return x + "\n" + y;
}

} // namespace

TEST_CASE("docs/reference.md is what the program says") {
    const Finished now = explain({"all", "--markdown"});
    REQUIRE(now.status == 0);
    std::ifstream file(PHYLL_DOCS_DIR "/reference.md", std::ios::binary);
    const std::string committed{std::istreambuf_iterator<char>(file), {}};
    if (committed != now.out) {
        FAIL("docs/reference.md is out of date. In the project's folder run\n"
             "  build/release/bin/phylld --explain all --markdown > docs/reference.md\n"
             "It says and should say:\n"
             << first_difference(committed, now.out));
    }
}

TEST_CASE("phylld --explain lists topics, and says of each what can be set") {
    const Finished list = explain({});
    REQUIRE(list.status == 0);
    for (const char* topic : {"configuration", "rigs", "simulation", "acoustic", "echo", "run",
                              "data", "layers", "encoding", "training", "phyll"}) {
        INFO(topic);
        REQUIRE(contains(list.out, "\n  " + std::string(topic) + " "));
        const Finished one = explain({topic});
        REQUIRE(one.status == 0);
        REQUIRE(one.err.empty());
        REQUIRE(one.out.starts_with(std::string(topic) + ": "));
        REQUIRE(contains(one.out, "default "));
    }
    REQUIRE(contains(explain({"acoustic"}).out, "\n  length  number, 0.02 to 2 m; default 0.24\n"));
    REQUIRE(contains(explain({"training.epochs"}).out, "\n  epochs  whole number, 0 to 1000000"));
    const Finished all = explain({"all"});
    REQUIRE(contains(all.out, "\nacoustic: [rigs.options] of kind = \"acoustic\" in"));
    REQUIRE(contains(all.out, "\nphyll: [scheme.options] of kind = \"phyll\" in"));
    REQUIRE(explain({"phyll", "--markdown"}).out.starts_with("### phyll\n"));
    REQUIRE(explain({"--markdown"}).out == explain({"all", "--markdown"}).out);
}

TEST_CASE("an unknown topic is answered with the nearest and exit status 1") {
    const Finished unknown = explain({"acustic"});
    REQUIRE(unknown.status == 1);
    REQUIRE(unknown.out.empty());
    REQUIRE(unknown.err ==
            "phylld: no topic and no key is called 'acustic'; did you mean 'acoustic'?\n");
}

TEST_CASE("explaining reads no configuration and touches no state directory") {
    const test::TempDir dir;
    const Finished finished = explain({"run", "--config", (dir.path() / "none.toml").string(),
                                       "--state-dir", (dir.path() / "state").string()});
    REQUIRE(finished.status == 0);
    REQUIRE(std::filesystem::is_empty(dir.path()));
}

TEST_CASE("an unknown option of a real rig or scheme is answered with the nearest") {
    const test::TempDir dir;
    const auto file = dir.path() / "lab.toml";
    std::ofstream(file) << "[[rigs]]\nname = \"r\"\nkind = \"acoustic\"\n"
                           "options = { lenght = 0.3, drive = \"loud\" }\n";
    const Finished lab =
        run_command({PHYLL_BIN_DIR "/phylld", "--check", "--config", file.string()});
    REQUIRE(lab.status == 1);
    REQUIRE(contains(lab.err, "lab.toml:4: unknown key 'lenght'; did you mean 'length'?\n"));
    REQUIRE(contains(lab.err, "lab.toml:4: rigs[0].options.drive: 'loud' is a string; a number is "
                              "expected\n"));

    test::Daemon daemon;
    const auto run = daemon.write("run.toml", "data.kind = \"vowels\"\n"
                                              "[scheme.options]\n"
                                              "thta = 3\n"
                                              "[[layers]]\nrig = \"cavity\"\n");
    const Finished check = daemon.ctl({"run", "check", run.string()});
    REQUIRE(check.status == 2);
    REQUIRE(contains(check.err, "run.toml:3: unknown key 'thta'; did you mean 'theta'?"));
    const Finished start =
        daemon.ctl({"run", "start", run.string(), "--set", "scheme.options={}", "--set",
                    "scheme.options.theta=many", "--set", "layers.0.widht=3"});
    REQUIRE(start.status == 2);
    REQUIRE(contains(start.err, "override 'layers.0.widht=3': unknown key 'widht'; did you mean "
                                "'width'?"));
    REQUIRE(contains(start.err, "override 'scheme.options.theta=many': scheme.options.theta: "
                                "'many' is a string; a number is expected"));
}
