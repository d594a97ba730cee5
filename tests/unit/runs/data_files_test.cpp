#include "daemon/runs/data_files.hpp"
#include "drivers/core/error.hpp"
#include "tests/support/paths.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>

using namespace phyll;
using Catch::Matchers::Contains;

namespace {

void write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

Code refused(const FileReader& read, const std::string& path) {
    try {
        static_cast<void>(read(path));
    } catch (const Error& error) {
        CHECK_THAT(error.what(), Contains("data.file"));
        return error.code();
    }
    return Code::ok;
}

} // namespace

TEST_CASE("files are found below the data directory, or by their whole path") {
    const test::TempDir folder;
    std::filesystem::create_directory(folder.path() / "sub");
    write(folder.path() / "sub" / "a.csv", "hello");
    const FileReader read = runs::read_below(folder.path().string());
    CHECK(read("sub/a.csv").text("a", 5) == "hello");
    CHECK(read((folder.path() / "sub" / "a.csv").string()).size() == 5);
    CHECK_THROWS_WITH(read("sub/a.csv").text("a.csv", 4), Contains("a.csv has 5 bytes"));
    CHECK_THROWS_AS(read("sub/b.csv"), Error);
    write(folder.path() / "empty", "");
    CHECK(read("empty").text("empty", 10).empty());
}

TEST_CASE("what is no regular file is refused, and nobody waits for it") {
    const test::TempDir folder;
    REQUIRE(::mkfifo((folder.path() / "pipe").c_str(), 0600) == 0);
    const FileReader read = runs::read_below("");
    CHECK(refused(read, folder.path() / "none") == Code::not_found);
    CHECK_THROWS_WITH(read("none"), Contains("--data-dir"));
    CHECK(refused(read, folder.path()) == Code::invalid_argument);
    CHECK(refused(read, folder.path() / "pipe") == Code::invalid_argument);
    CHECK(refused(read, "/dev/zero") == Code::invalid_argument);
}

TEST_CASE("a file that is replaced goes on as it was, one that is changed says so") {
    const test::TempDir folder;
    const std::filesystem::path path = folder.path() / "a.bin";
    write(path, "old content");
    const DataFile file = runs::read_below("")(path.string());
    write(folder.path() / "new.bin", "x");
    std::filesystem::rename(folder.path() / "new.bin", path);
    CHECK(file.text("a", 100) == "old content");

    const DataFile other = runs::read_below("")(path.string());
    write(path, "");
    try {
        static_cast<void>(other.text("a", 100));
        FAIL("the file is shorter");
    } catch (const Error& error) {
        CHECK(error.code() == Code::data_loss);
        CHECK_THAT(error.what(), Contains("a.bin, byte 0") && Contains("shorter"));
    }
    write(path, "yy");
    const DataFile third = runs::read_below("")(path.string());
    std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() +
                                               std::chrono::hours(1));
    CHECK_THROWS_WITH(third.text("a", 100), Contains("was changed while it was in use"));
}
