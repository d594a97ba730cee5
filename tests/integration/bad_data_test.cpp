// Data files as labs really have them: what can be read is, what cannot is refused by file, line
// and column with what would be right, and the daemon serves on.

#include "tests/support/process.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <sys/stat.h>

using Catch::Matchers::Contains;
using nlohmann::json;
using phyll::test::Daemon;
using phyll::test::Finished;

namespace {

/// A table of two classes that can be trained on.
const std::string good = "F1,F2,vowel\n"
                         "600,1000,a\n610,1010,a\n620,1020,a\n630,1030,a\n"
                         "300,2000,i\n310,2010,i\n320,2020,i\n330,2030,i\n";

std::string run_on(const std::string& file, const std::string& more = "") {
    return "[data]\nkind = \"csv\"\nfile = \"" + file +
           "\"\nlabel = \"vowel\"\ntest_fraction = 0.25\n" + more +
           "[training]\nepochs = 2\n[[layers]]\nrig = \"cavity\"\n";
}

/// A daemon and a table in a folder of its own, which a run can name by its whole path.
class Bench {
  public:
    Finished check(const std::string& file, const std::string& more = "") {
        const Finished finished =
            daemon.ctl({"run", "check", daemon.write("run.toml", run_on(file, more)).string()});
        INFO(finished.err);
        return finished;
    }
    Finished check_table(const std::string& table, const std::string& more = "") {
        return check(daemon.write("table.csv", table).string(), more);
    }
    void refused(const Finished& finished, int status, const std::vector<std::string>& says) {
        INFO(finished.err);
        REQUIRE(finished.status == status);
        for (const std::string& part : says) {
            REQUIRE_THAT(finished.err, Contains(part));
        }
        REQUIRE(check_table(good).status == 0);
    }

    Daemon daemon;
};

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + with.size())) {
        text.replace(at, what.size(), with);
    }
    return text;
}

} // namespace

TEST_CASE("a data file that cannot be read is refused by its path") {
    Bench bench;
    bench.refused(bench.check("no/such.csv"), 3,
                  {"data.file: ", "no/such.csv", "No such file", "data directory"});
    bench.refused(bench.check(bench.daemon.folder().string()), 2,
                  {"data.file: ", bench.daemon.folder().string(), "folder"});
    // Neither ends: reading them would take the daemon with it.
    const auto pipe = bench.daemon.folder() / "pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    bench.refused(bench.check(pipe.string()), 2, {"data.file: ", pipe.string(), "pipe"});
    bench.refused(bench.check("/dev/zero"), 2, {"data.file: ", "/dev/zero", "device"});
    const auto huge = bench.daemon.write("huge.csv", "");
    std::filesystem::resize_file(huge, std::uintmax_t{1} << 40U); // takes no room
    bench.refused(bench.check(huge.string()), 6, {"1099511627776 bytes", "1073741824"});
}

TEST_CASE("a table that cannot be trained on is refused by line and column") {
    Bench bench;
    const auto refused = [&](const std::string& table, const std::vector<std::string>& says,
                             int status = 2) {
        bench.refused(bench.check_table(table), status, says);
    };
    refused("", {"table.csv", "empty", "header"});
    refused("\n\n\n", {"table.csv", "empty", "header"});
    refused("F1,F2,vowel\n", {"table.csv", "no rows"});
    refused(good + "640,1040\n", {"table.csv, line 10", "2 columns", "header has 3"});
    refused(good + "640,1040,a,9\n", {"table.csv, line 10", "4 columns", "header has 3"});
    refused(good + "high,1040,a\n", {"table.csv, line 10, column F1", "'high'", "1234.5"});
    refused(good + "640,,a\n", {"table.csv, line 10, column F2", "empty", "1234.5"});
    refused(good + "640,nan,a\n", {"table.csv, line 10, column F2", "'nan'", "finite"});
    refused(good + "640,1e99,a\n", {"table.csv, line 10, column F2", "'1e99'", "finite"});
    refused(good + "640,1040,\n", {"table.csv, line 10, column vowel", "empty", "class"});
    refused(good + "640,1040,u\n", {"table.csv, line 10, column vowel", "'u'", "only one sample"});
    refused("F1,F2,vowel\n1,2,a\n3,4,a\n", {"column vowel", "'a'", "two classes"});
    refused(replaced(good, "vowel", "kind"), {"'vowel'", "F1, F2, kind"}, 3);
    refused(replaced(good, ",", ";"), {"'vowel'", "F1;F2;vowel"}, 3); // German Excel
    refused(replaced(good, "600,", "\"600,"), {"table.csv, line", "double quotes"});
    refused("\x89HDF\r\n\x1a\n" + std::string(2000, '\0'), {"table.csv"}, 3);
}

TEST_CASE("a table with bytes that are no UTF-8 is refused in words that can be read") {
    Bench bench;
    const std::string latin1 = "25 \xB0"
                               "C";
    bench.refused(bench.check_table(good + latin1 + ",1040,a\n"), 2,
                  {"table.csv, line 10, column F1", "'25 \xEF\xBF\xBD"
                                                    "C'"});
    bench.refused(bench.check_table(replaced(good, "vowel", "Vok\xE4l")), 3,
                  {"F1, F2, Vok\xEF\xBF\xBDl"});
}

TEST_CASE("a run that fails on its data says so in words that can be stored and read") {
    // The table, of the daemon's own data, is spoiled between the run's submission and its turn.
    const phyll::test::TempDir data;
    const auto table = [&](const std::string& text) {
        std::ofstream(data.path() / "table.csv", std::ios::binary) << text;
    };
    table(good);
    const std::string endless = replaced(run_on("table.csv"), "epochs = 2",
                                         "schedule = \"simultaneous\"\nepochs = 1000000");
    Daemon daemon("data_dir = \"" + data.path().string() + "\"\n" + Daemon::small_lab);
    REQUIRE(daemon.ctl({"run", "start", daemon.write("first.toml", endless).string()}).status == 0);
    REQUIRE(daemon.ctl({"run", "start", daemon.write("run.toml", run_on("table.csv")).string()})
                .status == 0);
    table(good + "25 \xB0"
                 "C,1040,a\n");
    REQUIRE(daemon.ctl({"run", "cancel", "1"}).status == 0);
    REQUIRE(daemon.ctl({"run", "watch", "2"}).status == 5);
    const auto reason = [&] {
        const json run = json::parse(daemon.ctl({"--json", "run", "show", "2"}).out);
        REQUIRE(run["state"] == "failed");
        return run["reason"].get<std::string>();
    };
    REQUIRE_THAT(reason(), Contains("table.csv, line 10, column F1"));
    REQUIRE(daemon.stop() == 0);
    daemon.start();
    REQUIRE_THAT(reason(), Contains("table.csv, line 10, column F1"));
    REQUIRE(daemon.ctl({"run", "list"}).status == 0);
}

TEST_CASE(
    "Windows line ends, a byte order mark, quotes and blank lines train like the plain table") {
    Bench bench;
    const auto weights = [&](const std::string& table) {
        const auto file = bench.daemon.write("table.csv", table);
        const Finished finished = bench.daemon.ctl(
            {"--json", "run", "start", "--watch",
             bench.daemon
                 .write("run.toml",
                        run_on(file.string()) + "[[rigs]]\nname = \"cavity\"\nstart_age = 0\n")
                 .string()});
        INFO(finished.err);
        REQUIRE(finished.status == 0);
        const std::size_t end = finished.out.rfind('\n', finished.out.size() - 2);
        return json::parse(finished.out.substr(end + 1))["weights_sha256"].get<std::string>();
    };
    const std::string plain = weights(good);
    REQUIRE(weights(replaced(good, "\n", "\r\n")) == plain);
    REQUIRE(weights("\xEF\xBB\xBF" + good) == plain);
    REQUIRE(weights("\xEF\xBB\xBF" + replaced(good, "\n", "\r\n")) == plain);
    REQUIRE(weights(replaced(good, "600", "\"600\"")) == plain);
    REQUIRE(weights(replaced(good, "\n", "\n\n")) == plain);
    REQUIRE(weights(good.substr(0, good.size() - 1)) == plain); // no last line end
}

TEST_CASE("names of files that are no UTF-8 do not spoil the list of data") {
    Bench bench;
    const auto folder = bench.daemon.folder() / "data";
    std::filesystem::create_directory(folder);
    static_cast<void>(bench.daemon.write("data/caf\xE9.csv", good));
    static_cast<void>(bench.daemon.write("data/plain.csv", good));
    const Daemon other("data_dir = \"" + folder.string() + "\"\n" + Daemon::small_lab);
    const Finished list = other.ctl({"data", "list"});
    REQUIRE(list.status == 0);
    REQUIRE_THAT(list.out, Contains("plain.csv") && Contains("caf\xEF\xBF\xBD.csv"));
}
