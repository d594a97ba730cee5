// phylld as a service: what it tells who started it, what it makes of signals.

#include "tests/integration/json_lines.hpp"
#include "tests/integration/run_files.hpp"
#include "tests/support/await.hpp"
#include "tests/support/notify_socket.hpp"
#include "tests/support/process.hpp"
#include "tests/support/text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <pty.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace std::chrono_literals;
using nlohmann::json;
using phyll::test::await;
using phyll::test::contains;
using phyll::test::Daemon;
using phyll::test::endless_run;
using phyll::test::Finished;
using phyll::test::NotifySocket;
using phyll::test::run_command;
using phyll::test::show;

namespace {

Daemon::Wrap told(const NotifySocket& socket,
                  std::optional<std::chrono::milliseconds> patience = std::nullopt) {
    return [&socket, patience](const std::filesystem::path&) { return socket.wrap(patience); };
}

/// Stops the thread that a program began with, which is the loop's, and no other.
void stop_first_thread(pid_t process) {
    REQUIRE(::ptrace(PTRACE_SEIZE, process, nullptr, nullptr) == 0);
    REQUIRE(::ptrace(PTRACE_INTERRUPT, process, nullptr, nullptr) == 0);
    int status = 0;
    REQUIRE(::waitpid(process, &status, __WALL) == process);
    REQUIRE(WIFSTOPPED(status));
}

} // namespace

TEST_CASE("phylld tells its service manager when it is ready, reloads and stops") {
    NotifySocket socket;
    Daemon daemon(Daemon::small_lab, told(socket));
    CHECK(socket.next().starts_with("READY=1\nSTATUS=serves 2 rigs at ipc://"));
    daemon.process().signal(SIGHUP);
    CHECK(contains(socket.next(), "RELOADING=1\nMONOTONIC_USEC="));
    CHECK(socket.next() == "READY=1\nSTATUS=nothing changed that can be reloaded");
    daemon.process().signal(SIGTERM);
    CHECK(socket.next().starts_with("STOPPING=1\n"));
    CHECK(daemon.process().wait() == 0);
}

TEST_CASE("the watchdog is fed while a rig is stuck for good") {
    NotifySocket socket;
    Daemon daemon(R"(
[[rigs]]
name = "echo"
kind = "echo"
query_timeout = 0.01
[[rigs.simulation.faults]]
kind = "stuck"
)",
                  told(socket, 1500ms));
    std::string zeros = "0";
    for (int input = 1; input < 16; ++input) {
        zeros += ",0";
    }
    const Finished query =
        daemon.ctl({"query", "echo", "--in", daemon.write("zeros.csv", zeros).string()});
    CHECK(query.status != 0);
    CHECK(contains(query.err, "did not return from a query"));
    for (int beats = 0; beats < 5; ++beats) {
        CHECK(socket.next("WATCHDOG=1") == "WATCHDOG=1");
    }
    CHECK(contains(daemon.ctl({"rigs"}).out, "fault"));
}

TEST_CASE("a loop that is stuck starves the watchdog, and phylld comes back with its runs") {
    const auto patience = 1500ms;
    NotifySocket socket;
    Daemon daemon(Daemon::small_lab, told(socket, patience));
    REQUIRE(daemon.ctl({"run", "start", daemon.write("run.toml", endless_run).string()}).status ==
            0);
    await([&] { return show(daemon)["state"] == "running"; });
    CHECK(socket.next("WATCHDOG=1") == "WATCHDOG=1");

    stop_first_thread(daemon.process().pid());
    REQUIRE(socket.silent_for(patience));
    daemon.process().signal(SIGABRT); // as systemd does
    CHECK(daemon.process().wait() == 128 + SIGABRT);
    std::vector<std::string> make_safe = daemon.command();
    make_safe.emplace_back("--make-safe");
    CHECK(run_command(make_safe).status == 0);

    daemon.start();
    CHECK(socket.next("READY=1").starts_with("READY=1"));
    const json run = show(daemon);
    CHECK(run["interruptions"] == 1);
    await([&] { return show(daemon)["state"] == "running"; });
    CHECK(daemon.ctl({"run", "cancel", "1"}).status == 0);
}

TEST_CASE("SIGHUP takes over what can be reloaded and names what cannot") {
    NotifySocket socket;
    Daemon daemon(Daemon::small_lab, told(socket));
    CHECK(socket.next("READY=1").starts_with("READY=1"));
    const auto reloaded = [&] {
        daemon.process().signal(SIGHUP);
        CHECK(socket.next().starts_with("RELOADING=1"));
        return socket.next();
    };
    daemon.configure("log_level = \"debug\"\nthreads = 3\nlimits.requests = 1\n"
                     "limits.data = 0\n" +
                     std::string(Daemon::small_lab));
    CHECK(reloaded() == "READY=1\nSTATUS=changed: log_level, limits; changed in the file, in force "
                        "from the next start on: threads");
    CHECK(contains(daemon.log(), "SIGHUP: changed: log_level, limits;"));
    CHECK(daemon.ctl({"rigs"}).status == 0);
    const Finished upload =
        daemon.ctl({"data", "put", daemon.write("new.csv", "a,class\n1,x\n").string()});
    CHECK(upload.status != 0);
    CHECK(contains(upload.err, "limits.data"));

    daemon.configure("log_level = \"loud\"\n" + std::string(Daemon::small_lab));
    CHECK(contains(reloaded(), "STATUS=the configuration stays as it was: "));
    CHECK(contains(daemon.log(), "log_level"));
    CHECK(daemon.ctl({"rigs"}).status == 0);

    const auto told_file = daemon.folder() / "told";
    daemon.configure("notify.command = \"cat > " + told_file.string() + "\"\n" +
                     std::string(Daemon::small_lab));
    CHECK(contains(reloaded(), "changed: log_level, notify, limits"));
    REQUIRE(daemon.ctl({"run", "start", daemon.write("run.toml", endless_run).string()}).status ==
            0);
    REQUIRE(daemon.ctl({"run", "cancel", "1"}).status == 0);
    await([&] { return std::filesystem::exists(told_file); });

    daemon.configure("journal_limit = 100000\n" + std::string(Daemon::small_lab));
    CHECK(contains(reloaded(), "journal_limit"));
    CHECK(contains(daemon.ctl({"doctor"}).out, "1e+05 GB (journal_limit)")); // it has the news
}

TEST_CASE("the log level changes while phylld serves, for admins") {
    Daemon daemon;
    const auto as_admin = [&](std::vector<std::string> words) {
        std::vector<std::string> command{PHYLL_BIN_DIR "/phyllctl", "--endpoint", daemon.ipc()};
        command.insert(command.end(), words.begin(), words.end());
        return run_command(command);
    };
    CHECK(as_admin({"log-level"}).out == "info\n");
    CHECK(contains(as_admin({"log-level", "warn"}).out, "warn after info"));
    CHECK(as_admin({"--json", "log-level"}).out == "{\"before\":\"warn\",\"level\":\"warn\"}\n");
    const Finished loud = as_admin({"log-level", "loud"});
    CHECK(loud.status == 2);
    CHECK(contains(loud.err, "'loud'; valid is 'trace', 'debug', 'info', 'warn', 'error'"));
    CHECK(run_command({PHYLL_BIN_DIR "/phyllctl", "--endpoint", daemon.tcp(), "log-level", "info"})
              .status == 6); // refused
}

TEST_CASE("phylld that was started from a terminal ends when that is closed") {
    const phyll::test::TempDir dir;
    const std::string log = (dir.path() / "log").string();
    const std::string state = (dir.path() / "state").string();
    int terminal = -1;
    const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
    REQUIRE(child >= 0);
    if (child == 0) {
        const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        ::dup2(file, STDERR_FILENO);
        ::execl(PHYLL_BIN_DIR "/phylld", "phylld", "--listen", "tcp://127.0.0.1:0", "--state-dir",
                state.c_str(), nullptr);
        ::_exit(127);
    }
    std::string said;
    await([&] {
        char chunk[4096];
        const ssize_t size = ::read(terminal, chunk, sizeof chunk);
        said.append(chunk, size > 0 ? static_cast<std::size_t>(size) : 0);
        return size <= 0 || contains(said, "\"ready\"");
    });
    CHECK(contains(said, "\"ready\""));
    ::close(terminal);
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    std::ifstream file(log);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    CHECK(contains(text, "phylld stops on the end of its terminal"));
}

TEST_CASE("phylld and phyllctl say which commit they were built from") {
    const auto version = [](const char* program) {
        return run_command({std::string(PHYLL_BIN_DIR "/") + program, "--version"}).out;
    };
    const Finished commit = run_command({"/usr/bin/env", "git", "-C", PHYLL_SOURCE_DIR, "describe",
                                         "--always", "--exclude", "*", "--abbrev=12"});
    if (commit.status != 0) { // not a checkout
        CHECK(version("phyllctl") == "phyllctl " PHYLL_VERSION "\n");
        return;
    }
    const std::string hash = commit.out.substr(0, commit.out.find('\n'));
    CHECK(version("phyllctl").starts_with("phyllctl " PHYLL_VERSION " (" + hash));
    CHECK(version("phylld").starts_with("phylld " PHYLL_VERSION " (" + hash));
}
