// The state directory: room, files, database, runs. And the locks of instruments.

#include "tests/support/folder_contents.hpp"
#include "tests/unit/doctor/planted_lab.hpp"

#include "drivers/instruments/instrument_lock.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <phyll/v1/runs.pb.h>

#include <fstream>
#include <sys/stat.h>
#include <sys/sysmacros.h>

using namespace phyll;
using test::contents_of;
using test::expect_complaint;
using test::PlantedLab;

namespace {

bool says(const PlantedLab& lab, const std::string& text) {
    for (const v1::Examined& line : lab.examine()) {
        if (line.severity() == v1::Examined::NOTE &&
            line.finding().find(text) != std::string::npos) {
            return true;
        }
    }
    return false;
}

/// The lock of the generator, as a phylld left it.
std::filesystem::path planted_lock(const PlantedLab& lab, const std::string& process) {
    const std::filesystem::path file =
        instruments::lock_file("/locks", lab.subject.config.instruments(0).address());
    lab.host.plant(file, process);
    return file;
}

} // namespace

TEST_CASE("the doctor finds a disk that is full, nearly full, read-only or without inodes") {
    PlantedLab lab;
    SECTION("full") {
        lab.host.room.free = 1'000'000;
        expect_complaint(lab, v1::Examined::FAULT, "disk", "/state", "the disk is full: 1 MB free",
                         "phyllctl run remove");
    }
    SECTION("nearly full") {
        lab.host.room.free = 1'500'000'000;
        expect_complaint(lab, v1::Examined::WARNING, "disk", "/state",
                         "1.5 GB free; the journal of one run may take 20 GB", "run remove");
    }
    SECTION("less than one run may take is worth a note") {
        lab.host.room.free = 15'000'000'000;
        REQUIRE(lab.complaints().empty());
        REQUIRE(says(lab, "15 GB free; the journal of one run may take 20 GB"));
    }
    SECTION("small journals need little room") {
        lab.host.room.free = 200'000'000;
        lab.subject.config.set_journal_limit(0.1);
        REQUIRE(lab.complaints().empty());
    }
    SECTION("read-only") {
        lab.host.room.read_only = true;
        expect_complaint(lab, v1::Examined::FAULT, "disk", "/state", "may only be read",
                         "--state-dir");
    }
    SECTION("no inodes") {
        lab.host.room.files_free = 0;
        expect_complaint(lab, v1::Examined::FAULT, "disk", "/state", "inodes", "df -i");
    }
    SECTION("a file system that does not count them") {
        lab.host.room.files_free = 0;
        lab.host.room.counts_files = false;
        REQUIRE(lab.complaints().empty());
    }
}

TEST_CASE("the doctor finds files of the state directory that others may read or write") {
    PlantedLab lab;
    SECTION("the secret key") {
        REQUIRE(::chmod(lab.host.at("/state/server.key").c_str(), 0644) == 0);
        expect_complaint(lab, v1::Examined::FAULT, "state", "/state/server.key", "mode 0644",
                         "chmod 600 /state/server.key");
    }
    SECTION("the folder") {
        REQUIRE(::chmod(lab.host.at("/state").c_str(), 0777) == 0);
        expect_complaint(lab, v1::Examined::WARNING, "state", "/state", "mode 0777", "chmod o-w");
    }
    SECTION("and one that phylld may not write") {
        lab.host.forbidden = {"/state"};
        expect_complaint(lab, v1::Examined::FAULT, "state", "/state", "may not write it",
                         "--state-dir");
    }
}

TEST_CASE("the doctor finds a database that is damaged or newer, and leaves it as it is") {
    PlantedLab lab;
    SECTION("a page") {
        std::fstream file(lab.database(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(4096);
        file << std::string(4096, '\xA5');
        file.close();
        const auto found = lab.complaints();
        REQUIRE_FALSE(found.empty());
        REQUIRE(found[0].check() == "database");
        REQUIRE(found[0].severity() == v1::Examined::FAULT);
        REQUIRE_THAT(found[0].finding(), Catch::Matchers::Contains("it is damaged"));
        REQUIRE_THAT(found[0].advice(), Catch::Matchers::Contains("put a copy in its place"));
    }
    SECTION("no database at all") {
        std::ofstream(lab.database(), std::ios::binary) << std::string(8192, 'x');
        const auto found = lab.complaints();
        REQUIRE_FALSE(found.empty());
        REQUIRE_THAT(found[0].finding(), Catch::Matchers::Contains("it is damaged"));
    }
    SECTION("a newer phylld's") {
        lab.sql("PRAGMA user_version = 99");
        expect_complaint(lab, v1::Examined::FAULT, "database", "/state/phylld.db",
                         "its schema has version 99", "use the newer phylld again");
    }
    SECTION("an older phylld's is brought up to date by itself") {
        lab.sql("PRAGMA user_version = 3");
        REQUIRE(lab.complaints().empty());
        REQUIRE(says(lab, "an older phylld wrote it"));
    }
    const auto before = contents_of(lab.host.at("/state"));
    static_cast<void>(lab.examine());
    REQUIRE(contents_of(lab.host.at("/state")) == before);
}

TEST_CASE("the doctor reads what a phylld that died left beside its database, and leaves it") {
    const PlantedLab lab;
    const PlantedLab dying;
    // As it was while a phylld had it open: what is new is not in the database itself yet.
    dying.sql("PRAGMA journal_mode = WAL");
    SQLite::Database open(dying.database().string(), SQLite::OPEN_READWRITE);
    open.exec("PRAGMA user_version = 99");
    for (const char* ending : {"", "-wal"}) {
        std::filesystem::copy_file(dying.database().string() + ending,
                                   lab.database().string() + ending,
                                   std::filesystem::copy_options::overwrite_existing);
    }
    REQUIRE(std::filesystem::file_size(lab.database().string() + "-wal") > 0);
    const auto before = contents_of(lab.host.at("/state"));
    expect_complaint(lab, v1::Examined::FAULT, "database", "/state/phylld.db",
                     "its schema has version 99", "use the newer phylld again");
    REQUIRE(contents_of(lab.host.at("/state")) == before);
}

TEST_CASE("the doctor leaves a database alone that another phylld has open") {
    const PlantedLab lab;
    lab.sql("PRAGMA user_version = 99");
    lab.host.plant("/state/lock", "4242\n");
    REQUIRE(lab.complaints().size() == 1); // nobody of that number is there
    lab.host.plant_process(4242, "phylld", {"phylld"}, {"/state/lock"});
    REQUIRE(lab.complaints().empty());
    REQUIRE(says(lab, "phylld (process 4242) serves the lab that is kept here"));
}

TEST_CASE("the doctor finds folders and checkpoints of runs that are missing or left over") {
    PlantedLab lab;
    SECTION("a checkpoint of a run that goes on from it") {
        lab.add_run(2, v1::QUEUED);
        lab.host.remove("/state/runs/2/checkpoint-50.h5");
        expect_complaint(lab, v1::Examined::FAULT, "runs", "run 2",
                         "checkpoint of step 50, /state/runs/2/checkpoint-50.h5",
                         "put the file back");
    }
    SECTION("a checkpoint of a run that is over") {
        lab.host.remove("/state/runs/1/checkpoint-50.h5");
        expect_complaint(lab, v1::Examined::WARNING, "runs", "run 1", "is recorded and not there",
                         "phyllctl run retry 1");
    }
    SECTION("a folder") {
        lab.host.remove("/state/runs/1");
        expect_complaint(lab, v1::Examined::WARNING, "runs", "/state/runs",
                         "the folder of run 1 is missing", "run remove");
    }
    SECTION("a folder of no run") {
        lab.host.plant("/state/runs/77/run.toml", "");
        lab.host.plant("/state/runs/notes/of-mine", "");
        REQUIRE(lab.complaints().empty());
        REQUIRE(says(lab, "a folder of runs that the database does not know: 77"));
    }
    SECTION("a run that waits for a person") {
        lab.add_run(2, v1::HELD, true);
        expect_complaint(lab, v1::Examined::WARNING, "runs", "run 2",
                         "it waits for a person: phylld went away under it",
                         "phyllctl run resume 2");
    }
}

TEST_CASE("a lab that was never started has nothing to complain of") {
    PlantedLab lab;
    lab.host.remove("/state");
    REQUIRE(lab.complaints().empty());
    REQUIRE(says(lab, "phylld makes it at its first start"));
}

TEST_CASE("the doctor finds who drives an instrument, and locks that are left over") {
    PlantedLab lab;
    SECTION("another process") {
        const auto file = planted_lock(lab, "500");
        lab.host.plant_process(500, "python3", {"python3", "scan.py"}, {file});
        expect_complaint(lab, v1::Examined::WARNING, "locks", "awg",
                         "it is driven by process 500 (python3 scan.py)", "stop it");
    }
    SECTION("one whose process is gone, held by what that one started") {
        const auto file = planted_lock(lab, "500");
        struct stat found{};
        REQUIRE(::stat(lab.host.at(file).c_str(), &found) == 0);
        lab.host.plant("/proc/locks",
                       fmt::format("1: POSIX  ADVISORY  READ 12 08:01:1 0 EOF\n"
                                   "2: FLOCK  ADVISORY  WRITE 500 {:02x}:{:02x}:{} 0 EOF\n",
                                   ::major(found.st_dev), ::minor(found.st_dev), found.st_ino));
        expect_complaint(lab, v1::Examined::WARNING, "locks", "awg",
                         "process 500, which took it, "
                         "is gone",
                         "fuser -v");
    }
    SECTION("one that nobody holds is in nobody's way") {
        static_cast<void>(planted_lock(lab, "500"));
        REQUIRE(lab.complaints().empty());
        REQUIRE(says(lab, "a lock file that nobody holds any more"));
    }
    SECTION("one that this user may not open") {
        lab.host.forbidden = {planted_lock(lab, "500")};
        expect_complaint(lab, v1::Examined::WARNING, "locks", "awg", "may not open its lock",
                         "chmod 666");
    }
    SECTION("a folder that this user may not write") {
        lab.host.forbidden = {"/locks"};
        expect_complaint(lab, v1::Examined::FAULT, "locks", "/locks", "may not write it",
                         "chmod 1777");
    }
    SECTION("no folder, and none can be made") {
        lab.host.remove("/locks");
        lab.host.forbidden = {"/"};
        expect_complaint(lab, v1::Examined::FAULT, "locks", "/locks", "may not make it", "mkdir");
    }
}
