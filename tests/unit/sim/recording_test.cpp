#include "sim/rigs/replay/recording.hpp"
#include "sim/rigs/replay/recording.pb.h"
#include "tests/support/data_files.hpp"
#include "tests/unit/sim/recordings.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using namespace phyll::test;
using Catch::Contains;

namespace {

sim::v1::RecordingOptions pair_of_files() {
    sim::v1::RecordingOptions options;
    options.set_stimuli("x.csv");
    options.set_responses("y.csv");
    return options;
}

sim::Recording read(const sim::v1::RecordingOptions& options, const std::string& x,
                    const std::string& y) {
    sim::RigSite site;
    site.read = files({{"x.csv", x}, {"y.csv", y}});
    return sim::read_recording(options, site);
}

std::string refusal(const sim::v1::RecordingOptions& options, const std::string& x,
                    const std::string& y, Code code = Code::invalid_argument) {
    try {
        static_cast<void>(read(options, x, y));
    } catch (const Error& error) {
        REQUIRE(error.code() == code);
        return error.what();
    }
    return "it was read";
}

std::vector<float> values(const OwnedBlock& block) {
    return {block.view().values().begin(), block.view().values().end()};
}

} // namespace

TEST_CASE("a recording is a pair of files with a row per measurement") {
    const sim::Recording plain = read(pair_of_files(), "0,0.5\n1,0.25\n", "3\n-4e1\n");
    REQUIRE(values(plain.stimuli) == std::vector<float>{0, 0.5, 1, 0.25});
    REQUIRE(values(plain.responses) == std::vector<float>{3, -40});
    REQUIRE(plain.inputs.size() == 2);
    REQUIRE(plain.inputs[1].name == "in 1");
    REQUIRE(plain.inputs[1].at_zero == 0.0);
    REQUIRE(plain.inputs[1].at_one == 1.0);
    REQUIRE(plain.outputs[0].minimum == -40.0);
    REQUIRE(plain.outputs[0].maximum == 3.0);
    REQUIRE_THAT(plain.of, Contains("a recording: x.csv (sha256 ") && Contains("2 measurements"));

    const sim::Recording packed = read(pair_of_files(), gzip("0,0.5\n1,0.25\n"), gzip("3\n-4e1\n"));
    REQUIRE(values(packed.stimuli) == values(plain.stimuli));
    REQUIRE(packed.of != plain.of); // other files
}

TEST_CASE("a header names channels, is passed over, or is a measurement") {
    sim::v1::RecordingOptions options = pair_of_files();
    const sim::Recording named = read(options, "a,b\n0,1\n", "c\n7\n");
    REQUIRE(named.inputs[0].name == "a");
    REQUIRE(named.outputs[0].name == "c");
    REQUIRE(named.stimuli.samples() == 1);

    REQUIRE(read(options, "0,0\n0,1\n", "0\n7\n").stimuli.samples() == 2);
    options.set_header("yes");
    const sim::Recording passed_over = read(options, "0,0\n0,1\n", "0\n7\n");
    REQUIRE(passed_over.stimuli.samples() == 1);
    REQUIRE(passed_over.inputs[0].name == "in 0");
    options.set_header("no");
    REQUIRE_THAT(refusal(options, "a,b\n0,1\n", "c\n7\n"),
                 Contains("recording.stimuli: x.csv, line 1, column 1: 'a' is no number"));
    options.set_header("maybe");
    REQUIRE(refusal(options, "0\n", "0\n") ==
            "recording.header: 'maybe'; valid is 'auto', 'yes', 'no'");
}

TEST_CASE("the options say what drive 0 and drive 1 are") {
    sim::v1::RecordingOptions options = pair_of_files();
    options.add_zero(-2);
    options.add_one(2);
    options.add_one(6);
    options.set_stimulus_unit("V");
    options.set_response_unit("Pa");
    const sim::Recording given = read(options, "-2,6\n0,0\n", "1\n2\n");
    REQUIRE(values(given.stimuli) == std::vector<float>{0, 1, 0.5, 0.25});
    REQUIRE(given.inputs[1].at_zero == -2.0);
    REQUIRE(given.inputs[1].at_one == 6.0);
    REQUIRE(given.inputs[1].unit == "V");
    REQUIRE(given.outputs[0].unit == "Pa");
    REQUIRE_THAT(refusal(options, "-2,7\n0,0\n", "1\n2\n"),
                 Contains("recording.stimuli: 7 on input 'in 1' in measurement 0 of x.csv is drive "
                          "1.125; valid is 0 to 1"));
    REQUIRE(refusal(options, "1,1,1\n", "1\n") ==
            "recording.one: 2 values for 3 inputs; valid is one, or one for each");
    options.set_range("recording");
    REQUIRE_THAT(refusal(options, "0,0\n1,1\n", "1\n2\n"), Contains("recording.range"));
}

TEST_CASE("the range of a recording is where its stimuli are") {
    sim::v1::RecordingOptions options = pair_of_files();
    options.set_range("recording");
    const sim::Recording recording = read(options, "-1,5\n3,5\n1,5\n", "1\n2\n3\n");
    REQUIRE(values(recording.stimuli) == std::vector<float>{0, 0, 1, 0, 0.5, 0});
    REQUIRE(recording.inputs[0].at_zero == -1.0);
    REQUIRE(recording.inputs[0].at_one == 3.0);
    REQUIRE(recording.inputs[1].at_zero == 5.0); // never moved
    REQUIRE(recording.inputs[1].at_one == 6.0);
}

TEST_CASE("stimuli of levels are rounded to the nearest") {
    sim::v1::RecordingOptions options = pair_of_files();
    options.set_levels(3);
    const sim::Recording recording = read(options, "0.49999,0.99999\n", "1\n");
    REQUIRE(values(recording.stimuli) == std::vector<float>{0.5, 1});
    REQUIRE(recording.inputs[0].levels == 3);
}

TEST_CASE("an output that never varies has a range all the same") {
    const sim::Recording recording = read(pair_of_files(), "0\n1\n", "5\n5\n");
    REQUIRE(recording.outputs[0].minimum < 5.0);
    REQUIRE(recording.outputs[0].maximum > 5.0);
}

TEST_CASE("files that are no recording are refused by option, file and line") {
    const sim::v1::RecordingOptions options = pair_of_files();
    REQUIRE_THAT(refusal(options, "0\n1\n", "5\n"),
                 Contains("recording.responses: 1 measurements in y.csv, but 2 stimuli in x.csv"));
    REQUIRE_THAT(refusal(options, "0,1\n1\n", "5\n5\n"),
                 Contains("recording.stimuli: x.csv, line 2: 1 columns, but the first row has 2"));
    REQUIRE_THAT(refusal(options, "0\n", "1e39\n2\n"), Contains("recording.responses"));
    REQUIRE_THAT(refusal(options, "0\n", ""), Contains("y.csv has no row of numbers"));
    REQUIRE_THAT(refusal(options, "a\n", "1\n"), Contains("x.csv has no row of numbers"));
    REQUIRE_THAT(refusal(options, "a,a\n0,0\n", "1\n"), Contains("names must differ"));

    sim::v1::RecordingOptions elsewhere = options;
    elsewhere.set_stimuli("z.csv");
    REQUIRE(refusal(elsewhere, "0\n", "1\n", Code::not_found) ==
            "recording.stimuli: cannot read z.csv");
    elsewhere.clear_stimuli();
    REQUIRE_THAT(refusal(elsewhere, "0\n", "1\n"), Contains("recording.stimuli: missing"));
    REQUIRE(code_of([&] { return sim::read_recording(options, {}); }) == Code::failed_precondition);
}
