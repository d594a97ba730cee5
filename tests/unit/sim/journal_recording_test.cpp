#include "drivers/core/journal/writer.hpp"
#include "sim/rigs/replay/recording.hpp"
#include "sim/rigs/replay/recording.pb.h"
#include "sim/rigs/replay/replay_rig.hpp"
#include "tests/support/paths.hpp"
#include "tests/unit/sim/recordings.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <memory>

using namespace phyll;
using namespace phyll::test;
using Catch::Contains;

namespace {

using Kind = StorageFormat::Kind;

/// A file where it lies, as the daemon opens it.
FileReader on_disk() {
    return [](const std::string& path) {
        std::ifstream file(path, std::ios::binary);
        if (!file) {
            throw Error(Code::not_found, "cannot read " + path);
        }
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        return DataFile(DataFile(text).bytes(), path);
    };
}

journal::RigEntry rig(std::string name, StorageFormat stimulus, StorageFormat response) {
    return {.name = std::move(name),
            .kind = "optical",
            .n_in = 3,
            .n_out = 2,
            .stimulus_storage = stimulus,
            .response_storage = response};
}

struct Bench {
    TempDir dir;
    SystemClock clock;
    journal::WriterOptions options{
        .path = dir.path() / "journal",
        .header = {.run = "7",
                   .rigs = {rig("slm", {.kind = Kind::u8, .scale = 1.0 / 255},
                                {.kind = Kind::u16_scaled, .scale = 0.5, .offset = -1.0})}}};
    std::unique_ptr<journal::Writer> writer;

    void open() { writer = std::make_unique<journal::Writer>(options, clock); }

    /// Stimuli (0, 0, level/255), one after the other, and responses (value, 2 value).
    void measure(std::uint64_t first, const std::vector<std::pair<float, float>>& samples,
                 std::uint32_t rig = 0, std::uint32_t era = 0) const {
        OwnedBlock x(3, samples.size());
        OwnedBlock y(2, samples.size());
        for (std::size_t i = 0; i < samples.size(); ++i) {
            x.sample(i)[2] = static_cast<float>(1.0 / 255 * static_cast<double>(samples[i].first));
            y.sample(i)[0] = samples[i].second;
            y.sample(i)[1] = 2 * samples[i].second;
        }
        const std::vector<journal::StimulusHash> hashes(samples.size());
        writer->append({.rig = rig,
                        .first_number = first,
                        .era = era,
                        .stimuli = std::as_const(x).view(),
                        .responses = std::as_const(y).view(),
                        .hashes = hashes});
    }

    [[nodiscard]] sim::v1::RecordingOptions recording() const {
        sim::v1::RecordingOptions out;
        out.set_journal(options.path.string());
        return out;
    }
};

sim::Recording read(const sim::v1::RecordingOptions& options) {
    sim::RigSite site;
    site.read = on_disk();
    return sim::read_recording(options, site);
}

std::string refusal(const sim::v1::RecordingOptions& options, Code code = Code::invalid_argument) {
    try {
        static_cast<void>(read(options));
    } catch (const Error& error) {
        REQUIRE(error.code() == code);
        return error.what();
    }
    return "it was read";
}

} // namespace

TEST_CASE("a journal is a recording of what a run measured") {
    Bench bench;
    bench.open();
    bench.measure(0, {{255, 3.0F}, {7, -0.5F}});
    bench.writer->append(journal::Mark{.text = "of no matter"});
    bench.measure(1, {{9, 100.0F}, {7, 4.5F}}); // number 1 was measured before: not used
    bench.writer.reset();
    sim::v1::RecordingOptions options = bench.recording();
    options.add_one(2.5);
    options.set_response_unit("V");
    options.set_source("a test's device");
    options.set_header("auto"); // as defaults are filled in
    options.set_range("given");
    options.set_levels(0);
    const sim::Recording found = read(options);
    REQUIRE(found.stimuli.samples() == 3);
    REQUIRE(found.inputs.size() == 3);
    REQUIRE(found.inputs[2].name == "in 2");
    REQUIRE(found.inputs[2].levels == 256);
    REQUIRE(found.inputs[2].at_one == 2.5);
    REQUIRE(found.stimuli.sample(0)[2] == 1.0F);
    REQUIRE(found.stimuli.sample(2)[2] == static_cast<float>(1.0 / 255 * 7));
    REQUIRE(found.responses.sample(0)[1] == 6.0F);
    REQUIRE(found.responses.sample(1)[0] == -0.5F);
    REQUIRE(found.responses.sample(2)[0] == 4.5F);
    REQUIRE(found.outputs[0].name == "out 0");
    REQUIRE(found.outputs[0].unit == "V");
    REQUIRE(found.outputs[0].minimum == -0.5);
    REQUIRE(found.outputs[0].maximum == 4.5);
    REQUIRE(found.stimulus_storage.kind == Kind::u8);
    REQUIRE(found.response_storage.kind == Kind::u16_scaled);
    REQUIRE(found.response_storage.offset == -1.0);
    REQUIRE_THAT(found.of,
                 Contains("a test's device: " + bench.options.path.string() + " (sha256 ") &&
                     Contains("run 7, rig 'slm' (optical), 3 measurements"));

    const auto replay = sim::make_replay(read(options), {});
    REQUIRE(replay->spec().response_storage.kind == Kind::u16_scaled);
    REQUIRE(replay->spec().closed_domain);
    const auto mean = sim::make_replay(read(options), {.mean = true});
    REQUIRE(mean->spec().response_storage.kind == Kind::float32);
}

TEST_CASE("how many levels an input has follows from how its stimuli are stored") {
    const std::vector<std::pair<StorageFormat, unsigned>> cases{
        {{.kind = Kind::bits}, 2},
        {{.kind = Kind::float32}, 0},
        {{.kind = Kind::u8, .scale = 1.0 / 15}, 16},
        {{.kind = Kind::u16_scaled, .scale = 1.0 / 65535}, 65536},
        {{.kind = Kind::u8, .scale = 0.3}, 0},
        {{.kind = Kind::u8, .scale = 1.0 / 255, .offset = 0.001}, 0}};
    for (const auto& [format, levels] : cases) {
        Bench bench;
        bench.options.header.rigs = {rig("it", format, {})};
        bench.open();
        OwnedBlock x(3, 1);
        std::ranges::fill(x.view().values(), static_cast<float>(format.offset));
        const OwnedBlock y(2, 1);
        const std::vector<journal::StimulusHash> hashes(1);
        bench.writer->append(
            {.stimuli = std::as_const(x).view(), .responses = y.view(), .hashes = hashes});
        bench.writer.reset();
        CAPTURE(levels);
        REQUIRE(read(bench.recording()).inputs[0].levels == levels);
    }
}

TEST_CASE("of a journal of several rigs one is chosen by name, and eras are counted") {
    Bench bench;
    bench.options.header.rigs.push_back(rig("other", {}, {}));
    bench.open();
    bench.measure(0, {{255, 3.0F}});
    bench.measure(0, {{255, 1.0F}}, 1);
    bench.measure(1, {{255, 2.0F}}, 1, 1);
    bench.writer.reset();
    sim::v1::RecordingOptions options = bench.recording();
    REQUIRE_THAT(refusal(options),
                 Contains("recording.rig: missing") && Contains("has several: 'slm', 'other'"));
    options.set_rig("cavity");
    REQUIRE_THAT(refusal(options), Contains("recording.rig: 'cavity'; valid is 'slm', 'other'"));
    options.set_rig("other");
    const sim::Recording found = read(options);
    REQUIRE(found.responses.samples() == 2);
    REQUIRE(found.responses.sample(1)[0] == 2.0F);
    REQUIRE_THAT(found.of, Contains("2 measurements of 2 eras"));
}

TEST_CASE("a journal that is written, damaged, empty or not there is refused by name") {
    Bench bench;
    bench.open();
    const std::string path = bench.options.path.string();
    REQUIRE_THAT(refusal(bench.recording(), Code::failed_precondition),
                 Contains("recording.journal: the journal " + path + " is being written"));
    bench.writer.reset();
    REQUIRE_THAT(refusal(bench.recording()),
                 Contains("recording.journal: " + path + " has no measurement of rig 'slm'"));
    bench.open();
    bench.measure(0, {{255, 3.0F}});
    bench.writer.reset();
    {
        std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(-60, std::ios::end);
        file.put('x');
    }
    REQUIRE_THAT(refusal(bench.recording(), Code::data_loss),
                 Contains("recording.journal: the journal " + path + " is damaged at byte"));
    sim::v1::RecordingOptions options = bench.recording();
    options.set_journal(path + "-not");
    REQUIRE_THAT(refusal(options, Code::not_found),
                 Contains("recording.journal: cannot read " + path + "-not"));
    std::ofstream(path) << "1,2,3\n";
    REQUIRE_THAT(refusal(bench.recording()), Contains("recording.journal: ") && Contains(path));
}

TEST_CASE("options that are not for a journal are refused") {
    const Bench bench;
    sim::v1::RecordingOptions options = bench.recording();
    options.set_stimuli("x.csv");
    REQUIRE_THAT(refusal(options), Contains("recording.journal: ") && Contains("is left out"));
    options = bench.recording();
    options.set_levels(2);
    REQUIRE_THAT(refusal(options), Contains("recording.levels: given"));
    options = bench.recording();
    options.set_range("recording");
    REQUIRE_THAT(refusal(options), Contains("recording.range: given"));
    options = bench.recording();
    options.set_header("no");
    REQUIRE_THAT(refusal(options), Contains("recording.header: given"));
    options.clear_journal();
    options.clear_header();
    REQUIRE_THAT(refusal(options),
                 Contains("recording.stimuli: missing") && Contains("or give recording.journal"));
    options.set_rig("slm");
    REQUIRE_THAT(refusal(options), Contains("recording.rig: 'slm'"));
}
