#include "daemon/runs/contents/contents.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/readers/sha256.hpp"
#include "tests/support/await.hpp"
#include "tests/support/paths.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>

using namespace phyll;
using namespace phyll::runs;
using Catch::Matchers::Contains;
using test::TempDir;

namespace {

/// Whether this process has the file open.
bool is_open(const std::filesystem::path& file) {
    std::error_code ignored;
    for (const auto& open : std::filesystem::directory_iterator("/proc/self/fd", ignored)) {
        if (std::filesystem::read_symlink(open.path(), ignored) == file) {
            return true;
        }
    }
    return false;
}

std::string hash_of(const std::string& text) {
    return to_hex(sha256_of(text));
}

struct Bench {
    TempDir dir;
    Store store{dir.path() / "phylld.db"};
    ManualClock clock;
    Contents contents{dir.path() / "uploads", dir.path() / "lab", store, clock};

    Bench() { std::filesystem::create_directories(dir.path() / "lab" / "sub"); }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(dir.path() / "lab" / name, std::ios::binary) << text;
    }
    /// As a new file in the place of the old one.
    void replace(const std::string& name, const std::string& text) const {
        write("aside", text);
        std::filesystem::rename(dir.path() / "lab" / "aside", dir.path() / "lab" / name);
    }
    void upload(const std::string& text) {
        contents.uploads().put({hash_of(text), text.size(), "x.csv", "ada", 0}, 0,
                               std::as_bytes(std::span(text)));
    }
    /// Whether the content is there, asked for with its size.
    bool has(const std::string& text) {
        return contents.find({{hash_of(text), text.size()}}, {})[0].complete;
    }
    /// What a run reads by a name that stands for a content.
    std::string read(const std::string& content, const std::string& name = "x.csv") {
        NamedFiles files;
        v1::NamedFile& file = *files.Add();
        file.set_name(name);
        file.set_sha256(hash_on_wire(hash_of(content)));
        try {
            return contents.reader(files)(name).text(name, 1000);
        } catch (const Error& error) {
            return error.what();
        }
    }
};

} // namespace

TEST_CASE("a content is found among the uploads and in the data directory") {
    Bench bench;
    bench.write("sub/a.bin", "in the lab");
    bench.upload("from a laptop");
    CHECK(bench.has("in the lab"));
    CHECK(bench.has("from a laptop"));
    CHECK_FALSE(bench.has("elsewhere"));
    CHECK(bench.read("in the lab") == "in the lab");
    CHECK(bench.read("from a laptop") == "from a laptop");
    CHECK_THAT(bench.read("elsewhere"), Contains("'x.csv'") && Contains("data put"));
    const std::vector<Received> found =
        bench.contents.find({{hash_of("elsewhere"), 9}, {hash_of("in the lab"), 10}}, {});
    CHECK(found == std::vector<Received>{{0, false}, {10, true}});
}

TEST_CASE("files of the data directory are read for a content of their size alone, and once") {
    Bench bench;
    bench.write("a.bin", "in the lab");
    CHECK_FALSE(bench.contents.find({{hash_of("in the lab"), std::nullopt}}, {})[0].complete);
    CHECK_FALSE(bench.store.folder_file("a.bin"));
    CHECK_FALSE(bench.contents.find({{hash_of("in the lab"), 11}}, {})[0].complete);
    CHECK_FALSE(bench.store.folder_file("a.bin"));
    CHECK(bench.has("in the lab"));
    REQUIRE(bench.store.folder_file("a.bin"));
    CHECK(bench.store.folder_file("a.bin")->sha256 == hash_of("in the lab"));
    CHECK(bench.contents.find({{hash_of("in the lab"), std::nullopt}}, {})[0].complete);
    // Known as it is, it is not read again: what was noted is believed.
    FolderFile noted = *bench.store.folder_file("a.bin");
    noted.sha256 = hash_of("something else");
    bench.store.note_folder_file(noted);
    CHECK_FALSE(bench.has("in the lab"));
}

TEST_CASE("whoever looks for a content can give up in the middle of a large file") {
    Bench bench;
    const std::filesystem::path large = bench.dir.path() / "lab" / "large.bin";
    bench.write("large.bin", "");
    std::filesystem::resize_file(large, std::uint64_t{1} << 40U); // hours, if it were read
    std::stop_source stop;
    Code code = Code::ok;
    {
        const std::jthread looking([&] {
            try {
                static_cast<void>(bench.contents.find(
                    {{hash_of("elsewhere"), std::uint64_t{1} << 40U}}, stop.get_token()));
            } catch (const Error& error) {
                code = error.code();
            }
        });
        test::await([&] { return is_open(large); });
        stop.request_stop();
    }
    CHECK(code == Code::cancelled);
    CHECK_FALSE(bench.store.folder_file("large.bin"));
}

TEST_CASE("a file of the data directory that becomes another one is not taken for the old one") {
    Bench bench;
    bench.write("a.bin", "in the lab");
    REQUIRE(bench.has("in the lab"));
    bench.replace("a.bin", "IN THE LAB");
    CHECK_THAT(bench.read("in the lab"), Contains("neither uploaded nor in"));
    CHECK(bench.has("IN THE LAB"));
    bench.replace("a.bin", "longer than before");
    CHECK_THAT(bench.read("IN THE LAB"), Contains("neither uploaded nor in"));
    bench.replace("a.bin", "in the lab"); // it is back, as another file
    CHECK(bench.has("in the lab"));
    CHECK(bench.read("in the lab") == "in the lab");
}

TEST_CASE("names that came without a content are opened where they say") {
    Bench bench;
    bench.write("a.bin", "in the lab");
    bench.upload("from a laptop");
    NamedFiles files;
    v1::NamedFile& file = *files.Add();
    file.set_name("b.bin");
    file.set_sha256(hash_on_wire(hash_of("from a laptop")));
    const FileReader read = bench.contents.reader(files);
    CHECK(read("a.bin").text("a", 100) == "in the lab");
    CHECK(read("b.bin").text("b", 100) == "from a laptop");
    CHECK_THROWS_WITH(read("c.bin"), Contains("data directory"));
}

TEST_CASE("the data files of a run are those of the fields that are called so") {
    v1::RunSpec spec;
    spec.set_name("not a file");
    spec.mutable_data()->set_kind("idx");
    spec.mutable_data()->set_file("images");
    spec.mutable_data()->set_label_file("labels");
    spec.mutable_data()->set_test_file("images");
    spec.mutable_data()->set_label("not a file");
    CHECK(data_files_of(spec) == std::set<std::string>{"images", "labels"});

    NamedFiles files;
    files.Add()->set_name("images");
    files[0].set_sha256(std::string(32, 'x'));
    files.Add()->set_name("others");
    files[1].set_sha256(std::string(32, 'y'));
    CHECK(files_of(spec, files).size() == 1);
    CHECK_THROWS_WITH(check_files(files, {"images"}),
                      Contains("files[1].name: 'others'; the run file names no such data file"));
    CHECK_NOTHROW(check_files(files, {"images", "others"}));
    files[1].set_name("images");
    CHECK_THROWS_WITH(check_files(files, {"images"}), Contains("there twice"));
    files[1].set_sha256("short");
    CHECK_THROWS_WITH(check_files(files, {"images"}),
                      Contains("files[1].sha256: 5 bytes; a SHA-256 has 32"));
    CHECK(hash_in_hex(hash_on_wire(hash_of("")), "") == hash_of(""));
}
