#include "daemon/runs/contents/uploads.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/readers/sha256.hpp"
#include "tests/support/paths.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

using namespace phyll;
using namespace phyll::runs;
using Catch::Matchers::Contains;
using test::TempDir;

namespace {

std::string hash_of(const std::string& text) {
    return to_hex(sha256_of(text));
}

UploadRecord record(const std::string& content, const std::string& name = "x.csv") {
    return {.sha256 = hash_of(content),
            .size = content.size(),
            .name = name,
            .uploaded_by = "ada",
            .time = 0.0};
}

v1::RunInfo run_with(const std::string& content) {
    v1::RunInfo info;
    v1::NamedFile& file = *info.add_files();
    file.set_name("x.csv");
    const Sha256Digest digest = sha256_of(content);
    file.set_sha256(std::string(digest.begin(), digest.end()));
    return info;
}

struct Bench {
    TempDir dir;
    Store store{store_file()};
    ManualClock clock;
    std::optional<Uploads> uploads;

    Bench() { start(); }
    /// What a daemon does when it starts, whatever became of the one before.
    void start() {
        uploads.emplace(folder(), store, clock);
        uploads->tidy();
    }
    [[nodiscard]] std::string store_file() const { return (dir.path() / "phylld.db").string(); }
    [[nodiscard]] std::filesystem::path folder() const { return dir.path() / "data"; }
    [[nodiscard]] std::filesystem::path part(const std::string& content) const {
        return folder() / (hash_of(content) + ".part");
    }
    Received put(const UploadRecord& upload, std::uint64_t offset, const std::string& bytes) {
        return uploads->put(upload, offset, std::as_bytes(std::span(bytes)));
    }
    [[nodiscard]] Received find(const std::string& content) const {
        return uploads->find(hash_of(content));
    }
    [[nodiscard]] std::string read(const std::string& content) const {
        const std::optional<DataFile> file = uploads->open(hash_of(content));
        return file ? file->text("x", 1000) : "not there";
    }
};

/// The code of what is thrown; OK when nothing is.
template <class Work>
Code refused(Work&& work, const std::string& says) {
    try {
        work();
    } catch (const Error& error) {
        CHECK_THAT(error.what(), Contains(says));
        return error.code();
    }
    return Code::ok;
}

} // namespace

TEST_CASE("an upload grows part by part, and is there when its last byte has come") {
    Bench bench;
    const UploadRecord upload = record("hello world");
    CHECK(bench.find("hello world") == Received{0, false});
    CHECK(bench.put(upload, 0, "hello") == Received{5, false});
    CHECK(bench.find("hello world") == Received{5, false});
    CHECK(bench.read("hello world") == "not there");
    CHECK(bench.put(upload, 5, " world") == Received{11, true});
    CHECK(bench.read("hello world") == "hello world");
    CHECK_FALSE(std::filesystem::exists(bench.part("hello world")));
    // It is sent once more by somebody who did not know.
    CHECK(bench.put(record("hello world", "other"), 0, "hello") == Received{11, true});
    CHECK(bench.put(record(""), 0, "") == Received{0, true});
    CHECK(bench.read("").empty());

    const auto listed = bench.uploads->list();
    REQUIRE(listed.size() == 2);
    CHECK(listed[1].upload.name == "x.csv");
    CHECK(listed[1].upload.uploaded_by == "ada");
}

TEST_CASE("an upload goes on where it was, also after the daemon died") {
    Bench bench;
    const UploadRecord upload = record("hello world");
    bench.put(upload, 0, "hello");
    const auto wrong = [&] { bench.put(upload, 6, "world"); };
    CHECK(refused(wrong, "5 bytes have come") == Code::out_of_range);
    CHECK(refused([&] { bench.put(upload, 0, "hello"); }, "5 bytes") == Code::out_of_range);
    bench.start();
    CHECK(bench.find("hello world") == Received{5, false});
    CHECK(refused(wrong, "5 bytes have come") == Code::out_of_range);
    CHECK(bench.put(upload, 5, " world").complete);
    bench.start();
    CHECK(bench.read("hello world") == "hello world");
}

TEST_CASE("what has another hash than was said is not kept") {
    Bench bench;
    const UploadRecord upload = record("hello world");
    bench.put(upload, 0, "hello");
    CHECK(refused([&] { bench.put(upload, 5, " w0rld"); }, "nothing is kept") == Code::data_loss);
    CHECK(bench.find("hello world") == Received{0, false});
    CHECK(bench.uploads->list().empty());
    CHECK(std::filesystem::is_empty(bench.folder()));
    CHECK(bench.put(upload, 0, "hello world").complete);
}

TEST_CASE("a part that was torn or spoiled under the daemon is found out at its end") {
    Bench bench;
    const UploadRecord upload = record("hello world");
    bench.put(upload, 0, "hello w");
    SECTION("torn: it goes on from what is there") {
        std::filesystem::resize_file(bench.part("hello world"), 3);
        bench.start();
        CHECK(bench.find("hello world") == Received{3, false});
        CHECK(bench.put(upload, 3, "lo world").complete);
    }
    SECTION("spoiled") {
        std::ofstream(bench.part("hello world"), std::ios::binary) << "hell0 w";
        bench.start();
        CHECK(refused([&] { bench.put(upload, 7, "orld"); }, "SHA-256") == Code::data_loss);
        CHECK(bench.find("hello world") == Received{0, false});
    }
    SECTION("said to have another size, it begins anew") {
        UploadRecord longer = upload;
        longer.size = 100;
        CHECK(refused([&] { bench.put(longer, 7, "orld"); }, "0 bytes") == Code::out_of_range);
        CHECK(bench.put(upload, 0, "hello world").complete);
    }
}

TEST_CASE("limits of an upload are refused before anything is kept") {
    Bench bench;
    UploadRecord upload = record("hello");
    CHECK(refused([&] { bench.put(upload, 0, "hello!"); }, "size: 5 bytes") ==
          Code::invalid_argument);
    upload.name = std::string(1001, 'x');
    CHECK(refused([&] { bench.put(upload, 0, "h"); }, "name: 1001") == Code::invalid_argument);
    upload.name = std::string(1000, 'x');
    upload.size = Uploads::most_bytes + 1;
    CHECK(refused([&] { bench.put(upload, 0, "h"); }, "64 GiB") == Code::invalid_argument);
    upload.size = std::filesystem::space(bench.dir.path()).available;
    if (upload.size <= Uploads::most_bytes) {
        CHECK(refused([&] { bench.put(upload, 0, "h"); }, "free some space") ==
              Code::resource_exhausted);
    }
    CHECK_FALSE(bench.find("hello").complete);
}

TEST_CASE("several who send the same content at once do no harm") {
    Bench bench;
    std::string content;
    for (int i = 0; i < 20'000; ++i) {
        content += std::to_string(i);
    }
    const UploadRecord upload = record(content);
    const auto client = [&] {
        Received received = bench.find(content);
        while (!received.complete) {
            try {
                received = bench.put(upload, received.bytes, content.substr(received.bytes, 997));
            } catch (const Error& error) {
                REQUIRE(error.code() == Code::out_of_range);
                received = bench.find(content);
            }
        }
    };
    std::vector<std::jthread> clients;
    for (int i = 0; i < 4; ++i) {
        clients.emplace_back(client);
    }
    clients.clear();
    CHECK(bench.uploads->open(hash_of(content))->text("x", 1'000'000) == content);
}

TEST_CASE("more uploads than are kept open go on side by side") {
    Bench bench;
    const auto content = [](int i) { return "content " + std::to_string(i); };
    for (int i = 0; i < 40; ++i) {
        bench.put(record(content(i)), 0, content(i).substr(0, 4));
    }
    for (int i = 0; i < 40; ++i) {
        CHECK(bench.put(record(content(i)), 4, content(i).substr(4)).complete);
    }
}

TEST_CASE("an upload that a run needs cannot be removed until the run is over") {
    Bench bench;
    bench.put(record("hello"), 0, "hello");
    const std::uint64_t run = bench.store.add_run(run_with("hello"), {}, "");
    const auto remove = [&] { bench.uploads->remove(hash_of("hello")); };
    CHECK(refused(remove, "run 1 reads it") == Code::failed_precondition);
    CHECK(bench.read("hello") == "hello");
    CHECK(bench.store.runs_with(hash_of("hello")) == std::vector<std::uint64_t>{run});
    bench.store.change_state(run, v1::RUN_CANCELLED, "", 1);
    CHECK(refused(remove, "") == Code::ok);
    CHECK(bench.read("hello") == "not there");
    CHECK(refused(remove, "no upload") == Code::not_found);
    // Nobody starts a run on what is gone meanwhile.
    CHECK(refused([&] { bench.store.add_run(run_with("hello"), {}, ""); }, "removed meanwhile") ==
          Code::not_found);
    bench.store.remove({run}, {});
    CHECK(bench.store.runs_with(hash_of("hello")).empty());
}

TEST_CASE("wherever the process dies in a removal, the whole upload is there again, or nothing") {
    Bench bench;
    bench.put(record("hello"), 0, "hello");
    const std::filesystem::path whole = bench.folder() / hash_of("hello");
    const std::filesystem::path aside = bench.folder() / (hash_of("hello") + ".removed");
    const auto remove = [&] { bench.uploads->remove(hash_of("hello")); };
    bool there = true;
    SECTION("the file was put aside") {
        std::filesystem::rename(whole, aside);
    }
    SECTION("the store could not forget it") {
        SQLite::Database(bench.store_file(), SQLite::OPEN_READWRITE)
            .exec("CREATE TRIGGER stop BEFORE DELETE ON uploads "
                  "BEGIN SELECT RAISE(ABORT, 'stopped'); END");
        CHECK_THROWS(remove());
        CHECK(bench.read("hello") == "hello");
        CHECK(std::filesystem::exists(whole));
    }
    SECTION("the store had forgotten it") {
        std::filesystem::create_directories(bench.part("hello") / "in the way");
        CHECK_THROWS(remove());
        std::filesystem::remove_all(bench.part("hello"));
        there = false;
    }
    SECTION("it was through") {
        remove();
        there = false;
    }
    bench.start();
    CHECK(bench.read("hello") == (there ? "hello" : "not there"));
    CHECK(bench.uploads->list().size() == (there ? 1 : 0));
    CHECK(std::filesystem::exists(whole) == there);
    CHECK_FALSE(std::filesystem::exists(aside));
    // And so it stays.
    bench.start();
    CHECK(bench.uploads->list().size() == (there ? 1 : 0));
    CHECK(bench.put(record("hello"), 0, "hello").complete);
    CHECK(bench.read("hello") == "hello");
}

TEST_CASE("no run is stored on an upload that has only begun") {
    Bench bench;
    const auto submit = [&] { bench.store.add_run(run_with("hello"), {}, ""); };
    bench.put(record("hello"), 0, "hel");
    CHECK(refused(submit, "the content of x.csv has not come to its end") == Code::not_found);
    CHECK(bench.store.runs_with(hash_of("hello")).empty());
    bench.start();
    CHECK(refused(submit, "has not come to its end") == Code::not_found);
    bench.put(record("hello"), 3, "lo");
    CHECK(refused(submit, "") == Code::ok);

    // What lies in the data directory as well need not be uploaded.
    bench.put(record("begun"), 0, "beg");
    bench.store.note_folder_file({.path = "b.csv", .sha256 = hash_of("begun"), .stamp = {}});
    CHECK_NOTHROW(bench.store.add_run(run_with("begun"), {}, ""));
}

TEST_CASE("a key that was used before starts nothing, whatever became of the files") {
    Bench bench;
    bench.put(record("hello"), 0, "hello");
    const std::uint64_t run = bench.store.add_run(run_with("hello"), {}, "key");
    bench.store.change_state(run, v1::RUN_CANCELLED, "", 1);
    bench.uploads->remove(hash_of("hello"));
    CHECK(bench.store.add_run(run_with("hello"), {}, "key") == run);
    CHECK(bench.store.run(run)->info.files_size() == 1);
}

TEST_CASE("what was left behind is tidied up at the start") {
    Bench bench;
    bench.put(record("hello"), 0, "hello");
    bench.put(record("begun"), 0, "beg");
    bench.put(record("lost"), 0, "lost");
    std::filesystem::remove(bench.folder() / hash_of("lost"));
    std::ofstream(bench.folder() / "notes.txt") << "not ours";
    SECTION("what is gone is forgotten") {
        bench.start();
        CHECK(bench.uploads->list().size() == 2);
        CHECK(bench.find("begun") == Received{3, false});
    }
    SECTION("after a week a part is given up") {
        const auto now = std::chrono::file_clock::from_sys(bench.clock.wall());
        std::filesystem::last_write_time(
            bench.part("begun"),
            std::chrono::time_point_cast<std::filesystem::file_time_type::duration>(
                now - std::chrono::hours(24 * 7 + 1)));
        bench.start();
        CHECK(bench.find("begun") == Received{0, false});
        CHECK_FALSE(std::filesystem::exists(bench.part("begun")));
    }
    SECTION("a database that was begun anew knows what is whole, and drops parts") {
        Store fresh(bench.dir.path() / "fresh.db");
        Uploads uploads(bench.folder(), fresh, bench.clock);
        uploads.tidy();
        REQUIRE(uploads.list().size() == 1);
        CHECK(uploads.list()[0].upload.name == hash_of("hello"));
        CHECK(uploads.find(hash_of("hello")) == Received{5, true});
    }
    CHECK(bench.read("hello") == "hello");
    CHECK(std::filesystem::exists(bench.folder() / "notes.txt"));
}
