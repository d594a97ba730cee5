#include "daemon/runs/result_file.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/readers/sha256.hpp"
#include "tests/support/paths.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>

using namespace phyll;
using test::TempDir;

namespace {

const std::vector<training::NamedArray> network{
    {.name = "layer1/weights", .shape = {2, 3}, .values = {1, 2, 3, 4, 5, 6}}};

std::string write(const std::filesystem::path& file) {
    return runs::write_result(file, v1::RunSpec(), v1::RunResult(), network);
}

} // namespace

TEST_CASE("a result is an HDF5 file that is there as a whole") {
    const TempDir dir;
    const auto file = dir.path() / "result.h5";
    const std::string sha256 = write(file);
    std::ifstream in(file, std::ios::binary);
    const std::string content(std::istreambuf_iterator<char>(in), {});
    REQUIRE(to_hex(sha256_of(content)) == sha256);
    REQUIRE(content.substr(0, 8) == "\x89HDF\r\n\x1a\n");
    // The values as they are in memory, in the middle of it.
    const std::string values(reinterpret_cast<const char*>(network[0].values.data()),
                             6 * sizeof(float));
    REQUIRE(content.find(values) != std::string::npos);
    REQUIRE_FALSE(std::filesystem::exists(file.string() + ".new"));
}

TEST_CASE("a result on a full disk is refused by name, and no part of it is left in its place") {
    const TempDir dir;
    const auto file = dir.path() / "result.h5";
    std::filesystem::create_symlink("/dev/full", file.string() + ".new");
    try {
        static_cast<void>(write(file));
        FAIL("the disk is full");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::resource_exhausted);
        REQUIRE_THAT(error.what(), Catch::Matchers::Contains(file.string()) &&
                                       Catch::Matchers::Contains("No space left on device"));
    }
    REQUIRE(std::filesystem::is_empty(dir.path()));
}
