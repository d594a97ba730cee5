#include "daemon/runs/export/measurements_file.hpp"
#include "daemon/runs/hdf5_library.hpp"
#include "drivers/core/journal/writer.hpp"
#include "tests/support/paths.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <map>
#include <optional>
#include <utility>
#include <vector>

using namespace phyll;
using test::TempDir;

namespace {

constexpr std::size_t samples = 5;

journal::RigEntry rig(std::string name, std::uint32_t n_in, std::uint32_t n_out) {
    return {.name = std::move(name), .kind = "echo", .n_in = n_in, .n_out = n_out};
}

OwnedBlock counted(std::size_t channels, float first) {
    OwnedBlock block(channels, samples);
    for (float& value : block.view().values()) {
        value = first++;
    }
    return block;
}

/// Two rigs. The second has 5 + 5 measurements, of which 2 have numbers that were there before.
void write_journal(const std::filesystem::path& path) {
    const SystemClock clock;
    journal::Writer writer({.path = path,
                            .header = {.run = "7",
                                       .seed = 9,
                                       .kernel_level = "x86-64",
                                       .rigs = {rig("idle", 2, 2), rig("a/b", 3, 1)}}},
                           clock);
    const std::vector<journal::StimulusHash> hashes(samples);
    const journal::FactTime time{Clock::Wall(std::chrono::microseconds(5)),
                                 Clock::Wall(std::chrono::microseconds(7))};
    const OwnedBlock x = counted(3, 0);
    const OwnedBlock y = counted(1, 100);
    const OwnedBlock z = counted(1, 200);
    journal::Facts facts{.rig = 1,
                         .layer = 2,
                         .era = 3,
                         .stimuli = x.view(),
                         .responses = y.view(),
                         .hashes = hashes,
                         .times = std::span(&time, 1)};
    writer.append(facts);
    facts.first_number = 3;
    facts.layer = journal::no_layer;
    facts.responses = z.view();
    facts.times = {};
    writer.append(facts);
    facts.purpose = journal::Purpose::sentinel;
    writer.append(facts);
    const std::vector<journal::Origin> origins{{.sample = 40, .label = 1}, {}};
    writer.append(journal::Origins{
        .rig = 1, .first_number = 4, .split = journal::Split::test, .samples = origins});
}

template <class T>
std::vector<T> column(const H5::Group& group, const std::string& name, const H5::PredType& type) {
    const H5::DataSet set = group.openDataSet(name);
    std::vector<T> values(static_cast<std::size_t>(set.getSpace().getSimpleExtentNpoints()));
    set.read(values.data(), type);
    return values;
}

std::string attribute(const H5::H5Object& object, const std::string& name) {
    const H5::Attribute attribute = object.openAttribute(name);
    std::string text;
    attribute.read(attribute.getStrType(), text);
    return text;
}

std::vector<hsize_t> shape(const H5::Group& group, const std::string& name) {
    const H5::DataSpace space = group.openDataSet(name).getSpace();
    std::vector<hsize_t> extents(static_cast<std::size_t>(space.getSimpleExtentNdims()));
    space.getSimpleExtentDims(extents.data());
    return extents;
}

} // namespace

TEST_CASE("measurements in HDF5 are those of the journal, each once, and what they were of") {
    const TempDir dir;
    write_journal(dir.path() / "journal");
    const journal::Reader reader(dir.path() / "journal");
    std::map<std::string, LayerSpec> rigs;
    rigs["a/b"].outputs.push_back({.name = "p", .unit = "Pa"});
    const auto path = dir.path() / "file.h5";
    std::ofstream(path) << "is replaced";
    runs::MeasurementsWriter(reader, rigs, path, {.classes = {"ae", "iy"}}).write({});

    const H5::H5File file(path.string(), H5F_ACC_RDONLY);
    const H5::Group root = file.openGroup("/");
    REQUIRE(attribute(root, "format") == "phyll measurements 1");
    REQUIRE(attribute(root, "run") == "7");
    REQUIRE(attribute(root, "kernel_level") == "x86-64");
    REQUIRE(shape(file.openGroup("idle"), "stimulus") == std::vector<hsize_t>{0, 2});

    const H5::Group group = file.openGroup("a-b");
    REQUIRE(attribute(group, "rig") == "a/b");
    const H5::Attribute classes = group.openDataSet("label").openAttribute("classes");
    REQUIRE(classes.getSpace().getSimpleExtentNpoints() == 2);
    REQUIRE(attribute(group, "kind") == "echo");
    REQUIRE(attribute(group.openDataSet("response"), "unit") == "Pa");
    REQUIRE(shape(group, "stimulus") == std::vector<hsize_t>{13, 3});
    REQUIRE(shape(group, "time") == std::vector<hsize_t>{13, 2});
    REQUIRE(column<std::uint64_t>(group, "number", H5::PredType::NATIVE_UINT64) ==
            std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5, 6, 7, 3, 4, 5, 6, 7});
    // Numbers 3 and 4 are those of the first record.
    REQUIRE(column<float>(group, "response", H5::PredType::NATIVE_FLOAT) ==
            std::vector<float>{100, 101, 102, 103, 104, 202, 203, 204, 200, 201, 202, 203, 204});
    const auto stimulus = column<float>(group, "stimulus", H5::PredType::NATIVE_FLOAT);
    REQUIRE(stimulus[4 * 3 + 2] == 14);
    REQUIRE(stimulus[5 * 3] == 6);
    REQUIRE(column<std::int32_t>(group, "layer", H5::PredType::NATIVE_INT32) ==
            std::vector<std::int32_t>{2, 2, 2, 2, 2, -1, -1, -1, -1, -1, -1, -1, -1});
    REQUIRE(column<std::int64_t>(group, "sample", H5::PredType::NATIVE_INT64) ==
            std::vector<std::int64_t>{-1, -1, -1, -1, 40, -1, -1, -1, -1, -1, -1, -1, -1});
    REQUIRE(column<std::int64_t>(group, "label", H5::PredType::NATIVE_INT64)[4] == 1);
    REQUIRE(column<std::int8_t>(group, "split", H5::PredType::NATIVE_INT8) ==
            std::vector<std::int8_t>{-1, -1, -1, -1, 1, 1, -1, -1, -1, -1, -1, -1, -1});
    const auto time = column<std::int64_t>(group, "time", H5::PredType::NATIVE_INT64);
    REQUIRE(time[8] == 5000);
    REQUIRE(time[9] == 7000);
    REQUIRE(time[10] == 0);
    REQUIRE(column<std::uint32_t>(group, "era", H5::PredType::NATIVE_UINT32)[12] == 3);
    const auto purpose = column<std::uint8_t>(group, "purpose", H5::PredType::NATIVE_UINT8);
    REQUIRE(purpose[7] == 0);
    REQUIRE(purpose[8] == 2);
    REQUIRE(std::filesystem::file_size(path) <= runs::measurements_size(reader));
}

TEST_CASE("where training images were shown as copies, their places say which original it was") {
    const TempDir dir;
    write_journal(dir.path() / "journal");
    const journal::Reader reader(dir.path() / "journal");
    const std::map<std::string, LayerSpec> rigs;
    const auto shown_as = [&](std::size_t copies) -> std::optional<std::uint64_t> {
        const auto path = dir.path() / "file.h5";
        runs::MeasurementsWriter(reader, rigs, path, {.shown_as = copies}).write({});
        const H5::H5File file(path.string(), H5F_ACC_RDONLY);
        const H5::DataSet sample = file.openGroup("a-b").openDataSet("sample");
        if (!sample.attrExists("shown_as")) {
            REQUIRE_FALSE(sample.attrExists("copies"));
            return std::nullopt;
        }
        REQUIRE(attribute(sample, "copies").find("sample // shown_as") != std::string::npos);
        std::uint64_t value = 0;
        sample.openAttribute("shown_as").read(H5::PredType::NATIVE_UINT64, &value);
        return value;
    };
    REQUIRE_FALSE(shown_as(1));
    REQUIRE(shown_as(5) == 5);
}

TEST_CASE("measurements of many pieces are all there") {
    const TempDir dir;
    constexpr std::uint32_t n_out = 3000; // 86 measurements to a piece
    constexpr std::size_t count = 1000;
    {
        const SystemClock clock;
        journal::Writer writer(
            {.path = dir.path() / "journal", .header = {.rigs = {rig("wide", 1, n_out)}}}, clock);
        const OwnedBlock x(1, 1);
        OwnedBlock y(n_out, 1);
        const std::vector<journal::StimulusHash> hashes(1);
        for (std::size_t i = 0; i < count; ++i) {
            y.sample(0)[n_out - 1] = static_cast<float>(i);
            writer.append({.first_number = i,
                           .stimuli = x.view(),
                           .responses = std::as_const(y).view(),
                           .hashes = hashes});
        }
    }
    const journal::Reader reader(dir.path() / "journal");
    const auto path = dir.path() / "file.h5";
    const std::map<std::string, LayerSpec> rigs;
    runs::MeasurementsWriter(reader, rigs, path).write({});
    const H5::H5File file(path.string(), H5F_ACC_RDONLY);
    const H5::Group group = file.openGroup("wide");
    REQUIRE_FALSE(group.openDataSet("response").attrExists("unit"));
    const auto response = column<float>(group, "response", H5::PredType::NATIVE_FLOAT);
    REQUIRE(response.size() == count * n_out);
    for (std::size_t i = 0; i < count; ++i) {
        REQUIRE(response[(i + 1) * n_out - 1] == static_cast<float>(i));
    }

    std::stop_source stop;
    stop.request_stop();
    REQUIRE_THROWS_WITH(
        runs::MeasurementsWriter(reader, rigs, dir.path() / "other.h5").write(stop.get_token()),
        "the export was stopped");
}
