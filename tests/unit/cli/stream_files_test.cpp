// What streams read from, and write to.

#include "clients/cli/response_sink.hpp"
#include "clients/cli/stimulus_source.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/readers/npy_header.hpp"
#include "tests/support/paths.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

using namespace phyll;
using std::chrono::milliseconds;

namespace {

v1::LayerSpec rig_with(int inputs, int outputs) {
    v1::LayerSpec rig;
    for (int i = 0; i < inputs; ++i) {
        v1::DriveChannel& channel = *rig.add_inputs();
        channel.set_name("in " + std::to_string(i));
        channel.set_unit("V");
        channel.set_at_one(1.0);
    }
    for (int i = 0; i < outputs; ++i) {
        rig.add_outputs()->set_name("out " + std::to_string(i));
        rig.mutable_outputs(i)->set_unit("Pa");
    }
    return rig;
}

std::string content_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

template <class Value>
std::filesystem::path array_file(const test::TempDir& dir, const char* type,
                                 std::vector<std::uint64_t> shape, std::vector<Value> values) {
    const std::filesystem::path path = dir.path() / "x.npy";
    std::string bytes = write_npy_header(type, shape);
    bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Value));
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
}

/// All that a source gives, in blocks of at most so many.
std::vector<float> all_of(cli::StimulusSource& source, std::size_t most) {
    std::vector<float> values;
    while (!source.over()) {
        if (const auto block = source.next(most, milliseconds(0))) {
            REQUIRE(block->samples() <= most);
            const ConstBlock view = block->view();
            values.insert(values.end(), view.values().begin(), view.values().end());
        }
    }
    REQUIRE_FALSE(source.next(most, milliseconds(0)));
    return values;
}

} // namespace

TEST_CASE("an array file gives its samples block by block, whatever its numbers are") {
    const test::TempDir dir;
    const v1::LayerSpec rig = rig_with(2, 1);
    const std::vector<float> expected{0, 1, 1, 0, 0, 0, 1, 1, 0, 1};
    const auto check = [&](const std::filesystem::path& path) {
        const auto source = cli::open_stimuli(path.string(), rig, cli::Units::drive);
        REQUIRE(source->samples() == 5);
        REQUIRE(all_of(*source, 2) == expected);
    };
    check(array_file<float>(dir, "<f4", {5, 2}, {0, 1, 1, 0, 0, 0, 1, 1, 0, 1}));
    check(array_file<double>(dir, "<f8", {5, 2}, {0, 1, 1, 0, 0, 0, 1, 1, 0, 1}));
    check(array_file<std::uint8_t>(dir, "|u1", {5, 2}, {0, 1, 1, 0, 0, 0, 1, 1, 0, 1}));
    check(array_file<std::int64_t>(dir, "<i8", {5, 2}, {0, 1, 1, 0, 0, 0, 1, 1, 0, 1}));
}

TEST_CASE("array files that are no stimuli of the rig are refused with what is expected") {
    const test::TempDir dir;
    const v1::LayerSpec rig = rig_with(2, 1);
    const auto open = [&](const std::filesystem::path& path) {
        return cli::open_stimuli(path.string(), rig, cli::Units::drive);
    };
    REQUIRE_THROWS_WITH(open(array_file<float>(dir, "<f4", {2, 3}, {0, 0, 0, 0, 0, 0})),
                        Catch::Contains("shape (2, 3); one of samples x 2 inputs is expected"));
    REQUIRE_THROWS_WITH(open(array_file<float>(dir, "<f4", {4}, {0, 0, 0, 0})),
                        Catch::Contains("shape (4)"));
    REQUIRE_THROWS_AS(open(array_file<float>(dir, "<f4", {2, 2}, {0, 0, 0})), Error); // cut off
    REQUIRE_THROWS_WITH(open(dir.path() / "none.npy"), Catch::Contains("none.npy"));
}

TEST_CASE("a CSV file gives its samples block by block, its columns by their names") {
    const test::TempDir dir;
    const auto path = dir.path() / "x.csv";
    std::ofstream(path) << "in 1,in 0\n1,0\n0.5,0.25\n0,1\n";
    const v1::LayerSpec rig = rig_with(2, 1);
    const auto source = cli::open_stimuli(path.string(), rig, cli::Units::drive);
    REQUIRE(source->samples() == 3);
    REQUIRE(all_of(*source, 2) == std::vector<float>{0, 1, 0.25F, 0.5F, 1, 0});
}

TEST_CASE("responses become an array file that is whole once it is finished, with what came") {
    const test::TempDir dir;
    const auto path = dir.path() / "y.npy";
    const auto sink = cli::open_responses(path.string(), rig_with(1, 2));
    OwnedBlock block(2, 3);
    for (std::size_t i = 0; i < 6; ++i) {
        block.view().values()[i] = static_cast<float>(i);
    }
    sink->write(std::as_const(block).view());
    sink->write(std::as_const(block).view().slice(0, 1));
    REQUIRE_FALSE(std::filesystem::exists(path));
    sink->finish();
    const std::string header = write_npy_header("<f4", std::array<std::uint64_t, 2>{4, 2}, 128);
    const std::string bytes = content_of(path);
    REQUIRE(bytes.starts_with(header));
    REQUIRE(bytes.size() == header.size() + 8 * sizeof(float));
    std::array<float, 8> values{};
    std::memcpy(values.data(), bytes.data() + header.size(), sizeof values);
    REQUIRE(values == std::array<float, 8>{0, 1, 2, 3, 4, 5, 0, 1});
}

TEST_CASE("responses become a CSV file with the outputs' names and units") {
    const test::TempDir dir;
    const auto path = dir.path() / "y.csv";
    const auto sink = cli::open_responses(path.string(), rig_with(1, 2));
    OwnedBlock block(2, 1);
    block.view().values()[1] = 0.5F;
    sink->write(std::as_const(block).view());
    sink->finish();
    REQUIRE(content_of(path) == "out 0 [Pa],out 1 [Pa]\n0,0.5\n");
}
