// What phyllctl doctor and phylld --examine say of a lab of which something was broken on purpose.

#include "tests/integration/json_lines.hpp"
#include "tests/integration/run_files.hpp"
#include "tests/support/folder_contents.hpp"
#include "tests/support/process.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <string>
#include <sys/file.h>
#include <unistd.h>
#include <vector>

using Catch::Matchers::Contains;
using nlohmann::json;
using phyll::test::contents_of;
using phyll::test::Daemon;
using phyll::test::Finished;
using phyll::test::lines_of;
using phyll::test::run_command;
using phyll::test::short_run;
using phyll::test::TempDir;

namespace {

/// Whatever room the machine has, these journals have enough.
const std::string lab = "journal_limit = 0.001\n" + std::string(Daemon::small_lab);
const std::string lab_with_keys = "authentication = \"keys\"\n" + lab;

constexpr int unwell = 5;

/// What stands above a note.
std::vector<json> complaints(const Finished& finished) {
    INFO(finished.err);
    std::vector<json> found;
    for (const json& line : lines_of(finished.out)) {
        REQUIRE(line["event"] == "examined");
        if (line["severity"] == "warning" || line["severity"] == "fault") {
            found.push_back(line);
        }
    }
    REQUIRE(finished.status == (found.empty() ? 0 : unwell));
    return found;
}

Finished doctor(const Daemon& daemon) {
    return daemon.ctl({"--json", "doctor"});
}

/// phylld --examine on the state directory of a daemon.
Finished examine(const Daemon& daemon) {
    return run_command({PHYLL_BIN_DIR "/phylld", "--examine", "--json", "--config",
                        (daemon.folder() / "lab.toml").string(), "--state-dir",
                        daemon.state_dir().string()});
}

/// There is one complaint, and it says that.
void expect_one(const Finished& finished, const std::string& severity, const std::string& check,
                const std::string& finding, const std::string& advice) {
    const std::vector<json> found = complaints(finished);
    INFO(finished.out);
    REQUIRE(found.size() == 1);
    REQUIRE(found[0]["check"] == check);
    REQUIRE(found[0]["severity"] == severity);
    REQUIRE_THAT(found[0]["finding"].get<std::string>(), Contains(finding));
    REQUIRE_THAT(found[0]["advice"].get<std::string>(), Contains(advice));
}

void train(const Daemon& daemon) {
    const Finished trained =
        daemon.ctl({"run", "start", daemon.write("run.toml", short_run).string(), "--set",
                    "checkpoints.least_seconds=0", "--watch"});
    INFO(trained.err);
    REQUIRE(trained.status == 0);
}

std::filesystem::path run_folder(const Daemon& daemon) {
    return daemon.state_dir() / "runs" / "1";
}

} // namespace

TEST_CASE("the doctor has nothing to complain of in a lab in which all is well") {
    const Daemon daemon(lab);
    train(daemon);
    REQUIRE(complaints(doctor(daemon)).empty());
    const Finished all = daemon.ctl({"--json", "doctor", "--all"});
    REQUIRE(all.status == 0);
    std::map<std::string, int> fine;
    for (const json& line : lines_of(all.out)) {
        INFO(line.dump());
        REQUIRE_FALSE(line["finding"].get<std::string>().empty());
        fine[line["check"]] += line["severity"] == "fine" ? 1 : 0;
    }
    for (const char* check :
         {"daemon", "version", "protocol", "clock", "disk", "state", "database", "runs"}) {
        INFO(check);
        REQUIRE(fine[check] >= 1);
    }
    REQUIRE(fine["rigs"] == 2);
    REQUIRE_FALSE(fine.contains("usb")); // there is no instrument

    const Finished text = daemon.ctl({"doctor"});
    REQUIRE(text.status == 0);
    REQUIRE_THAT(text.out, Contains("looked at and found fine; --all lists them"));
}

TEST_CASE("the doctor finds what was done to a running lab, and says what to do") {
    const Daemon daemon(lab);
    SECTION("a rig is stopped") {
        REQUIRE(daemon.ctl({"stop", "cavity"}).status == 0);
        expect_one(doctor(daemon), "warning", "rigs", "it is stopped",
                   "phyllctl rig acknowledge cavity");
        REQUIRE(daemon.ctl({"rig", "acknowledge", "cavity"}).status == 0); // as it says
        REQUIRE(complaints(doctor(daemon)).empty());
    }
    SECTION("a checkpoint is gone") {
        train(daemon);
        std::size_t removed = 0;
        for (const auto& entry : std::filesystem::directory_iterator(run_folder(daemon))) {
            if (removed == 0 && entry.path().filename().string().starts_with("checkpoint-")) {
                removed += std::filesystem::remove(entry.path()) ? 1 : 0;
            }
        }
        REQUIRE(removed == 1);
        expect_one(doctor(daemon), "warning", "runs", "is recorded and not there",
                   "phyllctl run retry 1");
    }
    SECTION("the folder of a run is gone") {
        train(daemon);
        std::filesystem::remove_all(run_folder(daemon));
        expect_one(doctor(daemon), "warning", "runs", "the folder of run 1 is missing",
                   "phyllctl run remove");
        REQUIRE(daemon.ctl({"run", "remove", "1"}).status == 0); // as it says
        REQUIRE(complaints(doctor(daemon)).empty());
    }
    SECTION("everybody may write the state directory") {
        std::filesystem::permissions(daemon.state_dir(), std::filesystem::perms(0777));
        expect_one(doctor(daemon), "warning", "state", "every user of the machine", "chmod o-w");
    }
}

TEST_CASE("the doctor finds a rig that is in fault") {
    const Daemon daemon(R"(
journal_limit = 0.001
[[rigs]]
name = "cavity"
kind = "acoustic"
simulation = { faults = [{ kind = "disconnect", count = 1000 }] }
)");
    const auto in = daemon.write("in.csv", "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1\n");
    REQUIRE(daemon.ctl({"query", "cavity", "--in", in.string()}).status == 4);
    expect_one(doctor(daemon), "fault", "rigs", "it is in fault", "the next query");
}

TEST_CASE("the doctor finds a secret key that others may read") {
    const Daemon daemon(lab_with_keys);
    REQUIRE(complaints(doctor(daemon)).empty());
    std::filesystem::permissions(daemon.state_dir() / "server.key", std::filesystem::perms(0644));
    expect_one(doctor(daemon), "fault", "state", "mode 0644", "chmod 600");
}

TEST_CASE("the doctor finds another process that drives an instrument of the lab") {
    const TempDir locks;
    const Daemon daemon("lock_dir = \"" + locks.path().string() + "\"\n" + lab + R"(
[[instruments]]
name = "awg"
kind = "generator"
address = "TCPIP0::127.0.0.1::1::SOCKET"
virtual = true
)");
    REQUIRE(complaints(doctor(daemon)).empty());
    // The name of its file is its address, with what is no letter or digit in hexadecimal.
    const auto file = locks.path() / "TCPIP0_3a_3a127.0.0.1_3a_3a1_3a_3aSOCKET.lock";
    const int lock = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    REQUIRE(lock >= 0);
    REQUIRE(::flock(lock, LOCK_EX | LOCK_NB) == 0);
    std::ofstream(file) << ::getpid();
    expect_one(doctor(daemon), "warning", "locks",
               "it is driven by process " + std::to_string(::getpid()), "stop that process");
    ::close(lock);
    REQUIRE(complaints(doctor(daemon)).empty()); // left over, and in nobody's way
    REQUIRE_THAT(doctor(daemon).out, Contains("a lock file that nobody holds any more"));
}

TEST_CASE("the doctor says how to reach a phylld that does not answer, or wants a key") {
    const TempDir dir;
    const Finished nobody =
        run_command({PHYLL_BIN_DIR "/phyllctl", "--endpoint",
                     "ipc://" + (dir.path() / "none.sock").string(), "--json", "doctor"});
    REQUIRE(nobody.status == 4);
    const json line = json::parse(nobody.out);
    REQUIRE(line["check"] == "daemon");
    REQUIRE(line["severity"] == "fault");
    REQUIRE_THAT(line["advice"].get<std::string>(), Contains("phylld --examine --config"));

    const Daemon daemon(lab_with_keys);
    const Finished refused =
        run_command({PHYLL_BIN_DIR "/phyllctl", "--endpoint", daemon.tcp(), "--json", "doctor"});
    REQUIRE(refused.status == 6);
    REQUIRE_THAT(json::parse(refused.out)["advice"].get<std::string>(),
                 Contains("phyllctl key show"));
}

TEST_CASE("phylld --examine finds what keeps phylld from starting, and changes nothing") {
    Daemon daemon(lab);
    daemon.write("lab.toml", lab);
    train(daemon);
    REQUIRE(daemon.ctl({"stop", "cavity"}).status == 0);
    const auto database = daemon.state_dir() / "phylld.db";
    SECTION("nothing: a phylld serves it") {
        REQUIRE(complaints(examine(daemon)).empty());
        REQUIRE_THAT(examine(daemon).out, Contains("serves the lab that is kept here"));
        return;
    }
    SECTION("nothing, but a rig that is stopped") {
        REQUIRE(daemon.stop() == 0);
        const auto before = contents_of(daemon.state_dir());
        expect_one(examine(daemon), "warning", "rigs", "it is stopped", "rig acknowledge cavity");
        REQUIRE(contents_of(daemon.state_dir()) == before);
    }
    SECTION("the same after a crash") {
        daemon.kill();
        REQUIRE(std::filesystem::file_size(database.string() + "-wal") > 0);
        const auto before = contents_of(daemon.state_dir());
        expect_one(examine(daemon), "warning", "rigs", "it is stopped", "rig acknowledge cavity");
        REQUIRE(contents_of(daemon.state_dir()) == before);
    }
    SECTION("a newer phylld's database") {
        REQUIRE(daemon.stop() == 0);
        SQLite::Database(database.string(), SQLite::OPEN_READWRITE)
            .exec("PRAGMA user_version = 99");
        for (const char* ending : {"-wal", "-shm"}) {
            REQUIRE_FALSE(std::filesystem::exists(database.string() + ending));
        }
        const auto before = contents_of(daemon.state_dir());
        expect_one(examine(daemon), "fault", "database", "schema has version 99",
                   "use the newer phylld again");
        REQUIRE(contents_of(daemon.state_dir()) == before);
    }
    SECTION("a page of the database that is damaged") {
        REQUIRE(daemon.stop() == 0);
        {
            std::fstream file(database, std::ios::in | std::ios::out | std::ios::binary);
            file.seekp(4096);
            file << std::string(4096, '\xA5');
        }
        const auto before = contents_of(daemon.state_dir());
        const auto found = complaints(examine(daemon));
        REQUIRE_FALSE(found.empty());
        REQUIRE(found[0]["severity"] == "fault"); // the worst comes first
        REQUIRE(found[0]["check"] == "database");
        REQUIRE_THAT(found[0]["finding"].get<std::string>(), Contains("damaged"));
        REQUIRE_THAT(found[0]["advice"].get<std::string>(), Contains("put a copy in its place"));
        REQUIRE(contents_of(daemon.state_dir()) == before);
    }
}

TEST_CASE("phylld --examine makes no state directory, and finds calibrations that are missing") {
    const TempDir dir;
    const auto config = dir.path() / "lab.toml";
    std::ofstream(config) << "journal_limit = 0.001\nlock_dir = \""
                          << (dir.path() / "locks").string() << R"("
[[instruments]]
name = "awg"
kind = "generator"
address = "TCPIP0::127.0.0.1::1::SOCKET"
virtual = true
[[instruments]]
name = "scope"
kind = "digitiser"
address = "TCPIP0::127.0.0.1::2::SOCKET"
virtual = true
[[rigs]]
name = "bench"
kind = "electronic-instruments"
options = { generator = "awg", digitiser = "scope" }
)";
    const auto state = dir.path() / "state";
    const Finished examined =
        run_command({PHYLL_BIN_DIR "/phylld", "--examine", "--json", "--config", config.string(),
                     "--state-dir", state.string()});
    expect_one(examined, "fault", "calibration", "it was never calibrated",
               "phyllctl rig calibrate bench");
    REQUIRE_FALSE(std::filesystem::exists(state));
    REQUIRE_FALSE(std::filesystem::exists(dir.path() / "locks"));
}

TEST_CASE("phylld refuses --json where it means nothing") {
    REQUIRE(run_command({PHYLL_BIN_DIR "/phylld", "--json"}).status == 2);
}
