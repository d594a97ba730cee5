// State directories that cannot be used, and one whose disk is full while a run is under way.

#include "tests/integration/json_lines.hpp"
#include "tests/integration/run_files.hpp"
#include "tests/support/await.hpp"
#include "tests/support/disk.hpp"
#include "tests/support/process.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <fstream>
#include <thread>

using Catch::Matchers::Contains;
using nlohmann::json;
using phyll::test::await;
using phyll::test::Daemon;
using phyll::test::endless_run;
using phyll::test::fill_disk;
using phyll::test::Finished;
using phyll::test::on_read_only_disk;
using phyll::test::on_small_disk;
using phyll::test::Process;
using phyll::test::run_command;
using phyll::test::seen_by;
using phyll::test::show;
using phyll::test::TempDir;
using phyll::test::why_no_mounts;
using phyll::test::Wrapper;

namespace {

constexpr std::size_t small_disk = 4U << 20U;

/// True where the machine lets nobody mount: the test says so and tests nothing.
bool skipped() {
    static const std::string why = why_no_mounts();
    if (!why.empty()) {
        WARN("skipped: " << why);
    }
    return !why.empty();
}

/// A phylld on `state`, which it should refuse.
Finished start_on(const std::filesystem::path& state, Wrapper wrapper = {}) {
    wrapper.insert(wrapper.end(), {PHYLL_BIN_DIR "/phylld", "--state-dir", state.string(),
                                   "--listen", "tcp://127.0.0.1:0"});
    return run_command(wrapper);
}

/// phylld did not start on `state` and said all of `says`, on one line that begins with its name.
void refused(const Finished& finished, const std::vector<std::string>& says) {
    INFO(finished.err);
    REQUIRE(finished.status == 1);
    REQUIRE(finished.out.empty());
    REQUIRE_THAT(finished.err, Contains("phylld: "));
    for (const std::string& part : says) {
        REQUIRE_THAT(finished.err, Contains(part));
    }
}

void write(const std::filesystem::path& file, std::size_t at, const std::string& bytes) {
    std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(static_cast<std::streamoff>(at));
    out << bytes;
    REQUIRE(out.flush());
}

/// The daemon answers, and a rig of it works.
void expect_service(const Daemon& daemon) {
    const auto in = daemon.write("in.csv", "0,0.25,0.5,1,0,0,0,0,0,0,0,0,0,0,0,0.1\n");
    REQUIRE(daemon.ctl({"query", "echo", "--in", in.string()}).status == 0);
}

/// Starts a run that does not end by itself and waits until it is training.
/// One that computes more than it measures, so that a small disk does not fill up at once.
void start_endless(const Daemon& daemon) {
    const Finished started =
        daemon.ctl({"run", "start", daemon.write("run.toml", endless_run).string(), "--set",
                    "training.inner_steps=1000"});
    INFO(started.err);
    REQUIRE(started.status == 0);
    Process watch(daemon.ctl_command({"--json", "run", "watch", "1"}),
                  daemon.folder() / "watch.log");
    while (json::parse(watch.read_line())["event"] != "epoch") {
    }
}

} // namespace

TEST_CASE("a state directory that cannot be one is refused by name") {
    const TempDir dir;
    const auto file = dir.path() / "file";
    std::ofstream(file) << "in the way";
    refused(start_on(file), {file.string()});
    refused(start_on(file / "state"), {(file / "state").string()});
    const auto deep = dir.path() / std::string(120, 'd');
    refused(start_on(deep), {deep.string(), "100 characters", "--state-dir"});
}

TEST_CASE("a state directory that nobody may write is refused with what to do") {
    if (skipped()) {
        return;
    }
    const TempDir dir;
    refused(start_on(dir.path(), on_read_only_disk(dir.path())),
            {dir.path().string(), "Read-only file system", "--state-dir"});
}

TEST_CASE("a state directory that other users own is refused with what to do") {
    if (::geteuid() == 0) {
        // Root may write everywhere: be somebody else.
        const TempDir dir;
        std::filesystem::permissions(dir.path(), std::filesystem::perms(0755));
        refused(start_on(dir.path(),
                         {"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}),
                {dir.path().string(), "Permission denied", "user 65534", "--state-dir"});
    } else {
        const TempDir dir;
        std::filesystem::permissions(dir.path(), std::filesystem::perms(0500));
        refused(start_on(dir.path()), {dir.path().string(), "Permission denied", "--state-dir"});
    }
}

TEST_CASE("a state directory on a full disk is refused before anything is served") {
    if (skipped()) {
        return;
    }
    const TempDir dir;
    refused(start_on(dir.path(), on_small_disk(dir.path(), 64U << 10U)),
            {dir.path().string(), "No space left on device", "free some space"});
}

TEST_CASE("a full disk holds the run under way by its name, and it goes on when there is room") {
    if (skipped()) {
        return;
    }
    Daemon daemon(Daemon::small_lab,
                  [](const auto& state) { return on_small_disk(state, small_disk); });
    start_endless(daemon);
    const auto seen = seen_by(daemon.process().pid(), daemon.state_dir());
    REQUIRE(std::filesystem::exists(seen / "reserve"));
    fill_disk(seen / "filler");

    await([&] { return show(daemon, "1")["state"] == "held"; });
    REQUIRE_THAT(show(daemon, "1")["reason"].get<std::string>(), Contains("free some space"));
    REQUIRE_FALSE(std::filesystem::exists(seen / "reserve")); // it was given up for those words
    expect_service(daemon);

    // What the reserve left is taken too: a new run is refused, and the daemon still serves.
    fill_disk(seen / "filler");
    const std::string file = daemon.write("run.toml", endless_run).string();
    const Finished next = daemon.ctl({"run", "start", file});
    REQUIRE(next.status == 6);
    REQUIRE_THAT(next.err, Contains("the disk is full") && Contains("free some space"));
    expect_service(daemon);
    REQUIRE(daemon.ctl({"run", "list"}).status == 0);

    // With room again all is well again.
    std::filesystem::remove(seen / "filler");
    await([&] { return show(daemon, "1")["state"] == "running"; });
    // More often than once where it had tried again before the rest was taken.
    REQUIRE(show(daemon, "1")["holds"].get<int>() >= 1);
    REQUIRE(daemon.ctl({"run", "start", file}).status == 0);
    REQUIRE(daemon.ctl({"run", "cancel", "2"}).status == 0);
    REQUIRE(show(daemon, "2")["state"] == "cancelled");
    REQUIRE(daemon.ctl({"run", "cancel", "1"}).status == 0);
    REQUIRE(std::filesystem::exists(seen / "reserve"));
    REQUIRE(daemon.stop() == 0);
}

TEST_CASE("a daemon on a full disk stops cleanly, with its run back in the queue") {
    if (skipped()) {
        return;
    }
    const std::string hanging = R"(
[[rigs]]
name = "cavity"
kind = "acoustic"
simulation = { faults = [{ kind = "hang", at_query = 1 }] }
)";
    Daemon daemon(hanging, [](const auto& state) { return on_small_disk(state, small_disk); });
    const std::string file = daemon.write("run.toml", endless_run).string();
    REQUIRE(daemon.ctl({"run", "start", file}).status == 0);
    while (json::parse(daemon.ctl({"--json", "rigs"}).out)["age"] == 0) {
        std::this_thread::yield();
    }
    fill_disk(seen_by(daemon.process().pid(), daemon.state_dir()) / "filler");
    REQUIRE(daemon.stop() == 0);
    REQUIRE_THAT(daemon.log(), Contains("run 1 goes back to the queue"));
}

TEST_CASE("a database that is damaged is refused with what to do, and stays as it is") {
    Daemon daemon;
    start_endless(daemon);
    REQUIRE(daemon.ctl({"run", "cancel", "1"}).status == 0);
    REQUIRE(daemon.stop() == 0);
    const auto database = daemon.state_dir() / "phylld.db";
    SECTION("no database at all") {
        std::ofstream(database, std::ios::binary) << std::string(8192, 'x');
    }
    SECTION("a page in its middle") {
        write(database, 4096, std::string(4096, '\xA5'));
    }
    SECTION("cut off") {
        std::filesystem::resize_file(database, std::filesystem::file_size(database) / 2);
    }
    const auto size = std::filesystem::file_size(database);
    refused(start_on(daemon.state_dir()),
            {database.string(), "damaged", "move it away", "copy in its place"});
    REQUIRE(std::filesystem::file_size(database) == size);

    // And what it says to do helps.
    std::filesystem::rename(database, database.string() + ".damaged");
    daemon.start();
    expect_service(daemon);
    REQUIRE(daemon.ctl({"--json", "run", "list"}).out.empty());
    REQUIRE(std::filesystem::exists(daemon.state_dir() / "runs" / "1" / "run.toml"));
}

TEST_CASE("a database of a newer phylld is refused with both versions, and stays as it is") {
    Daemon daemon;
    REQUIRE(daemon.stop() == 0);
    const auto database = daemon.state_dir() / "phylld.db";
    // user_version stands in SQLite's header.
    std::string known(4, '\0');
    std::ifstream(database, std::ios::binary).seekg(60).read(known.data(), 4);
    write(database, 60, std::string("\0\0\0\x63", 4));
    refused(start_on(daemon.state_dir()),
            {database.string(), "schema version 99", "this phylld knows up to", "newer phylld",
             "--state-dir"});
    write(database, 60, known);
    daemon.start();
    expect_service(daemon);
}

TEST_CASE("an address that cannot be listened on is refused with what to do") {
    Daemon daemon;
    const TempDir dir;
    const auto listen = [&](const std::string& address) {
        return run_command(
            {PHYLL_BIN_DIR "/phylld", "--state-dir", dir.path().string(), "--listen", address});
    };
    refused(listen(daemon.tcp()), {daemon.tcp(), "Address already in use", "--listen"});
    for (const std::string address :
         {"tcp://0.0.0.0:5570", "tcp://127.0.0.1", "tcp://127.0.0.1:", "tcp://127.0.0.1:port",
          "tcp://127.0.0.1:99999", "tcp://127.0.0.1.example.org:5570", "tcp://localhost:5570",
          "ipc:///tmp/x", "127.0.0.1:5570"}) {
        const Finished finished = listen(address);
        INFO(address);
        refused(finished, {address, "tcp://127.0.0.1:5570"});
    }
}
