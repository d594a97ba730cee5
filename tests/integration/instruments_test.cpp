// A lab on virtual instruments, as a person at the prompt has it.

#include "tests/integration/json_lines.hpp"
#include "tests/support/await.hpp"
#include "tests/support/process.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

using namespace phyll;
using nlohmann::json;
using test::Daemon;
using test::Finished;

namespace {

/// A bench of virtual instruments, with the configuration that reaches it.
class Bench {
  public:
    explicit Bench(std::vector<std::string> options = {}) {
        std::vector<std::string> command{PHYLL_BIN_DIR "/phyllsim", "--bench", "electronic"};
        command.insert(command.end(), options.begin(), options.end());
        process_ = std::make_unique<test::Process>(command, dir_.path() / "phyllsim.log");
        ready_ = json::parse(process_->read_line());
        std::ifstream file(ready_["config"].get<std::string>());
        config_ = "lock_dir = \"" + locks() + "\"\n" +
                  std::string(std::istreambuf_iterator<char>(file), {});
    }

    [[nodiscard]] const std::string& config() const { return config_; }
    [[nodiscard]] std::string locks() const { return (dir_.path() / "locks").string(); }
    [[nodiscard]] test::Process& process() { return *process_; }
    /// Whether the generator drives, as it says itself.
    [[nodiscard]] bool drives() const {
        return status()["instruments"][0]["outputs"][0]["on"].get<bool>();
    }

  private:
    [[nodiscard]] json status() const {
        const std::string control = ready_["environment"]["PHYLLSIM_CONTROL"];
        return json::parse(test::run_command({"/usr/bin/env", "PHYLLSIM_CONTROL=" + control,
                                              PHYLL_BIN_DIR "/phyllsim", "ctl", "status"})
                               .out);
    }

    test::TempDir dir_;
    std::unique_ptr<test::Process> process_;
    json ready_;
    std::string config_;
};

/// A run of 80 queries on the rig of the bench.
std::string run_file(const std::string& more = "") {
    return R"(
name = "xor"
[data]
kind = "xor"
inputs = 20
training_samples = 40
test_samples = 40
[scheme]
kind = "ridge"
)" + more + R"(
[[layers]]
rig = "ladder"
encoding = { kind = "direct" }
)";
}

/// One that only somebody ends.
const std::string endless_run = R"(
[data]
kind = "xor"
inputs = 18
training_samples = 40
test_samples = 40
[training]
schedule = "simultaneous"
epochs = 1000000
[[layers]]
rig = "ladder"
[[layers]]
rig = "ladder"
)";

Finished query_at_once(const Daemon& daemon, const std::string& rig,
                       std::vector<std::string> more = {}) {
    std::string half = "0.5";
    for (int i = 1; i < 20; ++i) {
        half += ",0.5";
    }
    more.insert(more.begin(), {"query", rig, "--in", daemon.write("in.csv", half).string()});
    return daemon.ctl(more);
}

Finished query(const Daemon& daemon, const std::string& rig) {
    return query_at_once(daemon, rig, {"--wait"});
}

json rig_of(const Daemon& daemon, const std::string& rig) {
    return json::parse(daemon.ctl({"--json", "rigs", rig}).out);
}

/// phylld --make-safe of the daemon's configuration, without its state directory.
Finished make_safe(const Daemon& daemon, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {PHYLL_BIN_DIR "/phylld", "--make-safe", "--config",
                               (daemon.folder() / "phylld.toml").string()});
    return test::run_command(more);
}

bool says(const std::string& text, const std::string& what) {
    return text.find(what) != std::string::npos;
}

} // namespace

TEST_CASE("instruments are listed as they are configured and found") {
    const Bench bench;
    const Daemon daemon(bench.config() + R"(
[[instruments]]
name = "spare"
kind = "digitiser"
address = "TCPIP0::127.0.0.1::1::SOCKET"
)");
    const std::vector<json> found = test::lines_of(daemon.ctl({"--json", "instruments"}).out);
    REQUIRE(found.size() == 3);
    REQUIRE(found[0]["instrument"] == "generator");
    REQUIRE(found[0]["state"] == "connected");
    REQUIRE(found[0]["rig"] == "ladder");
    REQUIRE(found[0]["output"] == "off");
    REQUIRE(found[0]["virtual"] == true);
    REQUIRE(found[0]["serial"].get<std::string>().starts_with("PHYLLSIM"));
    REQUIRE(found[1]["instrument"] == "digitiser");
    REQUIRE(found[2]["state"] == "unused");
    REQUIRE(found[2]["rig"] == "");
    const std::string table = daemon.ctl({"instruments"}).out;
    REQUIRE(table.starts_with("NAME "));
    REQUIRE(says(table, found[0]["serial"]));

    const Finished unused = daemon.ctl({"instrument", "trace", "spare", "--on"});
    REQUIRE(unused.status == 6);
    REQUIRE(says(unused.err, "no rig is made of spare, so that nobody talks to it"));
    REQUIRE(daemon.ctl({"instrument", "trace", "spar", "--on"}).status == 3);
}

TEST_CASE("a rig of instruments measures once it is calibrated, also after a restart") {
    const Bench bench;
    Daemon daemon(bench.config());
    REQUIRE(rig_of(daemon, "ladder")["calibration"]["state"] == "missing");
    REQUIRE(rig_of(daemon, "ladder:simulation")["calibration"].is_null());
    const Finished refused = query(daemon, "ladder");
    REQUIRE(refused.status == 6);
    REQUIRE(says(refused.err, "it was never calibrated; 'phyllctl rig calibrate ladder'"));
    const std::string file = daemon.write("run.toml", run_file()).string();
    for (const char* command : {"check", "start"}) {
        const Finished run = daemon.ctl({"run", command, file});
        REQUIRE(run.status == 6);
        REQUIRE(says(run.err, "rig 'ladder': the rig measures nothing: it was never calibrated"));
    }

    const json calibrated = json::parse(daemon.ctl({"--json", "rig", "calibrate", "ladder"}).out);
    REQUIRE(calibrated["event"] == "calibrated");
    REQUIRE(calibrated["era"] == 2);
    REQUIRE(calibrated["era_reason"] == "calibrated");
    REQUIRE(calibrated["calibration"]["state"] == "valid");
    REQUIRE(calibrated["calibration"]["instruments"].size() == 2);
    REQUIRE(calibrated["calibration"]["quantities"].size() > 0);
    REQUIRE_FALSE(bench.drives());

    const Finished measured = query(daemon, "ladder");
    REQUIRE(measured.status == 0);
    const std::string shown = daemon.ctl({"rigs", "ladder"}).out;
    REQUIRE(says(shown, "calibration valid, of "));
    REQUIRE(says(shown, "limit: 3.15 V peak"));
    REQUIRE(says(shown, "virtual instruments of "));

    REQUIRE(daemon.stop() == 0);
    daemon.start();
    REQUIRE(rig_of(daemon, "ladder")["calibration"] == calibrated["calibration"]);
    REQUIRE(rig_of(daemon, "ladder")["era"] == 2);
    REQUIRE(query(daemon, "ladder").status == 0);

    const Finished simulation = daemon.ctl({"rig", "calibrate", "ladder:simulation"});
    REQUIRE(simulation.status == 6);
    REQUIRE(says(simulation.err, "is not made of instruments, as it takes for a calibration"));
}

TEST_CASE("a calibration of other instruments is foreign, and not used") {
    auto first = std::make_unique<Bench>();
    Daemon daemon(first->config());
    REQUIRE(daemon.ctl({"rig", "calibrate", "ladder"}).status == 0);
    REQUIRE(daemon.stop() == 0);
    first.reset();
    const Bench second; // at other ports, and with other serials
    daemon.configure(second.config());
    daemon.start();
    REQUIRE(rig_of(daemon, "ladder")["calibration"]["state"] == "foreign");
    REQUIRE(query(daemon, "ladder").status == 6);
    REQUIRE(rig_of(daemon, "ladder")["era_reason"] == "the configuration changed");
}

TEST_CASE("nothing moves before somebody was asked, and a result names the instruments") {
    const Bench bench;
    const Daemon daemon(bench.config());
    REQUIRE(daemon.ctl({"rig", "calibrate", "ladder"}).status == 0);
    const std::string file = daemon.write("run.toml", run_file()).string();
    const json found = test::lines_of(daemon.ctl({"--json", "instruments"}).out)[0];
    const std::string serial = found["serial"];

    // Nobody is at a terminal here.
    for (const std::vector<std::string>& group :
         {std::vector<std::string>{}, std::vector<std::string>{"--seeds", "0..2"}}) {
        std::vector<std::string> command{"run", "start", file};
        command.insert(command.end(), group.begin(), group.end());
        const Finished refused = daemon.ctl(command);
        REQUIRE(refused.status == 2);
        REQUIRE(refused.out.empty());
        REQUIRE(says(refused.err, serial));
        REQUIRE(says(refused.err, "limits: 3.15 V peak"));
        REQUIRE(says(refused.err, group.empty() ? "at most 40 queries for training and 40 for"
                                                : "at most 120 queries for training and 120 for"));
        REQUIRE(says(refused.err, "; --yes starts it without asking"));
    }
    const Finished as_json = daemon.ctl({"--json", "run", "start", file});
    REQUIRE(as_json.status == 2);
    const std::vector<json> told = test::lines_of(as_json.out);
    REQUIRE(told.at(0)["event"] == "drives_instruments");
    REQUIRE(told.at(0)["rigs"][0]["instruments"].size() == 2);
    REQUIRE(told.at(1)["event"] == "error");
    REQUIRE(daemon.ctl({"--json", "run", "list"}).out.empty());

    REQUIRE(daemon.ctl({"run", "start", file, "--yes", "--watch"}).status == 0);
    const json run = json::parse(daemon.ctl({"--json", "run", "show", "1"}).out);
    REQUIRE(run["evidence"] == "virtual instruments");
    REQUIRE(run["evidence_of"].size() == 1);
    REQUIRE(says(run["evidence_of"][0], serial));
    REQUIRE_FALSE(bench.drives());
}

TEST_CASE("a run is simulated from the same file, and nobody is asked") {
    const Bench bench;
    const Daemon daemon(bench.config()); // and the rig is not calibrated
    const std::string file =
        daemon.write("run.toml", run_file("[[rigs]]\nname = \"ladder\"\nstart_age = 3\n")).string();
    const json plan = json::parse(daemon.ctl({"--json", "run", "check", file, "--simulate"}).out);
    REQUIRE(plan["evidence"] == "simulation");
    REQUIRE(plan["layers"][0]["rig"] == "ladder:simulation");
    REQUIRE(daemon.ctl({"run", "start", file, "--simulate", "--watch"}).status == 0);
    const json run = json::parse(daemon.ctl({"--json", "run", "show", "1"}).out);
    REQUIRE(run["evidence"] == "simulation");
    REQUIRE(daemon.ctl({"run", "start", file, "--simulate", "--seeds", "0,1", "--watch"}).status ==
            0);
    REQUIRE(rig_of(daemon, "ladder")["age"] == 0);
}

TEST_CASE("a trace shows what goes over an instrument's wire, and is switched off again") {
    const Bench bench;
    const Daemon daemon(bench.config());
    const auto traced = [&] {
        return test::lines_of(daemon.ctl({"--json", "instruments"}).out)[0]["traced"];
    };
    SECTION("for as long as it is asked for") {
        test::Process trace(daemon.ctl_command({"--json", "instrument", "trace", "generator"}),
                            daemon.folder() / "trace.log");
        test::await([&] { return traced() == true; });
        REQUIRE(daemon.ctl({"rig", "calibrate", "ladder"}).status == 0);
        const json first = json::parse(trace.read_line());
        REQUIRE(first["event"] == "message");
        REQUIRE(first["direction"] == "sent");
        trace.signal(SIGINT);
        REQUIRE(trace.wait() == 0);
        REQUIRE(says(trace.read_rest(), "\"direction\":\"received\""));
        REQUIRE(traced() == false);
    }
    SECTION("on and off") {
        REQUIRE(daemon.ctl({"instrument", "trace", "generator", "--on"}).out ==
                "the trace of generator is on\n");
        REQUIRE(traced() == true);
        REQUIRE(daemon.ctl({"instrument", "trace", "generator", "--for", "1ms"}).status == 0);
        REQUIRE(traced() == true); // somebody else had switched it on
        REQUIRE(daemon.ctl({"instrument", "trace", "generator", "--off"}).status == 0);
        REQUIRE(traced() == false);
    }
}

TEST_CASE("an instrument is driven by one daemon, and made safe when that one is gone") {
    const Bench bench;
    Daemon daemon(bench.config());
    REQUIRE(daemon.ctl({"rig", "calibrate", "ladder"}).status == 0);
    const std::string driver = "process " + std::to_string(daemon.process().pid()) + " (";
    {
        const Daemon other(bench.config()); // ends here: it would take what becomes free
        const json locked_out = rig_of(other, "ladder");
        REQUIRE(locked_out["health"] == "fault");
        REQUIRE(says(locked_out["health_reason"], driver));
    }

    const std::string file = daemon.write("run.toml", endless_run).string();
    REQUIRE(daemon.ctl({"run", "start", file, "--yes"}).status == 0);
    test::await([&] { return bench.drives(); });
    SECTION("killed") {
        daemon.kill();
        REQUIRE(bench.drives());
        const Finished safe = make_safe(daemon);
        CAPTURE(safe.out);
        REQUIRE(safe.status == 0);
        REQUIRE(says(safe.out, "safe, its output is off\n"));
        REQUIRE(says(safe.out, "safe, it drives nothing\n"));
    }
    SECTION("hung") {
        daemon.process().signal(SIGSTOP);
        const Finished held = make_safe(daemon);
        REQUIRE(held.status == 1);
        REQUIRE(says(held.out, "not touched: " + driver));
        REQUIRE(says(held.out, "--kill-holder kills it"));
        const Finished safe = make_safe(daemon, {"--kill-holder"});
        CAPTURE(safe.out);
        REQUIRE(safe.status == 0);
        REQUIRE(daemon.process().wait() == 128 + SIGKILL);
    }
    REQUIRE_FALSE(bench.drives());
}

TEST_CASE("instruments that do not answer are not known to be safe, and keep no daemon down") {
    Bench bench;
    bench.process().signal(SIGKILL);
    bench.process().wait();
    const Daemon daemon(bench.config());
    REQUIRE(rig_of(daemon, "ladder")["health"] == "fault");
    const json found = test::lines_of(daemon.ctl({"--json", "instruments"}).out)[0];
    REQUIRE(found["state"] == "disconnected");
    REQUIRE(says(found["reason"], "Connection refused"));
    test::await([&] { return !rig_of(daemon, "ladder")["blocks"].empty(); }); // a second look later
    REQUIRE(rig_of(daemon, "ladder")["blocks"][0]["kind"] == "not known to be safe");
    REQUIRE(says(daemon.ctl({"rigs"}).out, "not known to be safe since "));
    const Finished refused = query_at_once(daemon, "ladder");
    REQUIRE(refused.status == 6);
    REQUIRE(says(refused.err, "ladder is not known to be safe: "));
    REQUIRE(make_safe(daemon).status == 1);
    const Finished checked = test::run_command({PHYLL_BIN_DIR "/phylld", "--check", "--config",
                                                (daemon.folder() / "phylld.toml").string()});
    REQUIRE(checked.status == 0);
    REQUIRE(says(checked.out, "generator: virtual generator at TCPIP0::127.0.0.1::"));
}
