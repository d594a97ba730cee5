#include "tests/support/process.hpp"
#include "tests/support/text.hpp"

#include "clients/cpp/client.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <phyll/v1/admin.pb.h>
#include <phyll/v1/lab.pb.h>

#include <csignal>
#include <fstream>
#include <sys/stat.h>

using namespace phyll;
using phyll::test::contains;
using test::Daemon;
using test::Finished;
using test::run_command;

TEST_CASE("phylld serves the built-in lab at both endpoints, with the role of each", "[release]") {
    Daemon daemon("");
    const auto role_at = [](const std::string& endpoint) {
        return Client(endpoint)
            .call<v1::DescribeReply>("phyll.v1.Lab/Describe", v1::DescribeRequest())
            .role();
    };
    REQUIRE(role_at(daemon.ipc()) == v1::ROLE_ADMIN);
    REQUIRE(role_at(daemon.tcp()) == v1::ROLE_OPERATOR);
    struct stat socket{};
    REQUIRE(::stat((daemon.state_dir() / "phylld.sock").c_str(), &socket) == 0);
    REQUIRE((socket.st_mode & 0777) == 0660);

    const Finished rigs = daemon.ctl({"--json", "rigs"});
    REQUIRE(rigs.status == 0);
    const auto first = nlohmann::json::parse(rigs.out.substr(0, rigs.out.find('\n')));
    REQUIRE(first["rig"] == "cavity");
    REQUIRE(first["kind"] == "acoustic");
    REQUIRE(first["inputs"] == 20);
    REQUIRE(first["evidence"] == "simulation");
    REQUIRE(first["health"] == "ready");
    REQUIRE(first["safe"] == true);
}

TEST_CASE("phylld ends cleanly on SIGTERM and on SIGINT", "[release]") {
    const int signal = GENERATE(SIGTERM, SIGINT);
    Daemon daemon;
    daemon.process().signal(signal);
    REQUIRE(daemon.process().wait() == 0);
    REQUIRE(contains(daemon.log(), "phylld has stopped"));
}

TEST_CASE("a second daemon on the same state directory is refused with the holder's process id") {
    Daemon daemon;
    const Finished second = run_command(daemon.command());
    REQUIRE(second.status == 1);
    REQUIRE(contains(second.err, "process " + std::to_string(daemon.process().pid())));
    REQUIRE(daemon.ctl({"rigs"}).status == 0);
}

TEST_CASE("phylld --check says what each rig is made of, or what is wrong, and touches nothing") {
    const test::TempDir dir;
    const auto check = [&](const std::string& config) {
        const auto file = dir.path() / "lab.toml";
        std::ofstream(file) << config;
        return run_command({PHYLL_BIN_DIR "/phylld", "--check", "--config", file.string(),
                            "--state-dir", (dir.path() / "state").string()});
    };
    const Finished good = check("[[rigs]]\nname = \"box\"\nkind = \"echo\"\n");
    REQUIRE(good.status == 0);
    REQUIRE(contains(good.out, "box: echo"));
    REQUIRE_FALSE(contains(good.out, "perturbed"));
    const Finished perturbed = check("[[rigs]]\nname = \"ladder\"\nkind = \"electronic\"\n"
                                     "simulation.perturb = 0.2\n");
    REQUIRE(perturbed.status == 0);
    REQUIRE(contains(perturbed.out, "\n  perturbed by 0.2: displaced by "));
    const Finished unknown = check("[[rigs]]\nname = \"box\"\nkind = \"ecko\"\n");
    REQUIRE(unknown.status == 1);
    REQUIRE(contains(unknown.err, "lab.toml:3"));
    REQUIRE(contains(unknown.err, "echo"));
    const Finished exposed = check("listen = \"tcp://0.0.0.0:5570\"\n");
    REQUIRE(exposed.status == 1);
    REQUIRE(contains(exposed.err, "loopback"));
    REQUIRE_FALSE(std::filesystem::exists(dir.path() / "state"));
}

TEST_CASE("phylld says by its exit status whether the command line or the start went wrong") {
    const auto start = [](const std::string& option, const std::string& value) {
        return run_command({PHYLL_BIN_DIR "/phylld", option, value});
    };
    REQUIRE(start("--log-level", "loud").status == 2);
    REQUIRE(start("--nonsense", "1").status == 2);
    const Finished config = start("--config", "no-such-lab.toml");
    REQUIRE(config.status == 1);
    REQUIRE(contains(config.err, "no-such-lab.toml: No such file"));
    const Finished version = run_command({PHYLL_BIN_DIR "/phylld", "--version"});
    REQUIRE(version.status == 0);
    REQUIRE(contains(version.out, ", kernels "));
}

TEST_CASE("an option of a rig that cannot be is refused by name") {
    const Finished finished = [] {
        const test::TempDir dir;
        const auto file = dir.path() / "lab.toml";
        std::ofstream(file) << "[[rigs]]\nname = \"r\"\nkind = \"echo\"\n[rigs.simulation]\n"
                               "noise = -1.0\n";
        return run_command({PHYLL_BIN_DIR "/phylld", "--check", "--config", file.string()});
    }();
    REQUIRE(finished.status == 1);
    REQUIRE(contains(finished.err, "lab.toml:5"));
    REQUIRE(contains(finished.err, "-1"));
}

TEST_CASE("phyllctl says how it went by its exit status") {
    Daemon daemon;
    REQUIRE(run_command({PHYLL_BIN_DIR "/phyllctl", "--nonsense"}).status == 2);
    REQUIRE(run_command({PHYLL_BIN_DIR "/phyllctl", "--endpoint", "tcp://127.0.0.1:1", "rigs"})
                .status == 4);
    REQUIRE(daemon.ctl({"run", "show", "99"}).status == 3);
    REQUIRE(daemon.ctl({"run", "start", "no-such-file.toml"}).status == 3);
    const Finished shown = daemon.ctl({"--json", "run", "show", "99"});
    REQUIRE(nlohmann::json::parse(shown.out)["code"] == "NOT_FOUND");
    REQUIRE(run_command({PHYLL_BIN_DIR "/phyllctl", "--version"}).status == 0);
}

TEST_CASE("methods that this daemon does not offer yet say so") {
    Daemon daemon;
    Client client(daemon.ipc());
    try {
        static_cast<void>(client.call<v1::DrainReply>("phyll.v1.Admin/Drain", v1::DrainRequest()));
        FAIL("not offered");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::unimplemented);
    }
}
