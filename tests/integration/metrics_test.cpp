// What Prometheus reads of a real daemon, what docs/metrics.md says of it, and who may read it.

#include "tests/integration/json_lines.hpp"
#include "tests/integration/run_files.hpp"
#include "tests/support/await.hpp"
#include "tests/support/metrics_text.hpp"
#include "tests/support/process.hpp"
#include "tests/support/raw_http.hpp"
#include "tests/support/text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <atomic>
#include <fstream>
#include <iostream>
#include <map>
#include <thread>

using namespace phyll;
using nlohmann::json;
using test::contains;
using test::Daemon;
using test::Finished;
using test::http_get;
using test::HttpAnswer;
using test::Metrics;
using test::read_metrics;

namespace {

const std::string serving = "metrics = \"127.0.0.1:0\"\n";

Metrics scrape(const Daemon& daemon) {
    const HttpAnswer answer = http_get(test::port_of(daemon.metrics()), "/metrics");
    REQUIRE(answer.status == 200);
    return read_metrics(answer.body);
}

json result_of_run(const Daemon& daemon, const std::string& text) {
    const Finished finished =
        daemon.ctl({"--json", "run", "start", daemon.write("run.toml", text).string(), "--watch"});
    INFO(finished.out << finished.err);
    REQUIRE(finished.status == 0);
    return test::lines_of(finished.out).back();
}

/// What a name ends in says in which unit the value is.
std::string unit_of(std::string name) {
    if (name.ends_with("_total")) {
        name.resize(name.size() - 6);
    }
    for (const auto& [end, unit] : std::map<std::string, std::string>{
             {"_seconds", "s"}, {"_bytes", "bytes"}, {"_samples", "samples"}}) {
        if (name.ends_with(end)) {
            return unit;
        }
    }
    return "";
}

/// The rows of the table that there would be for these metrics, by name.
std::map<std::string, std::string> rows_of(const Metrics& metrics) {
    std::map<std::string, std::string> rows;
    for (const auto& [name, family] : metrics.families) {
        std::string labels;
        for (const std::string& label : family.labels) {
            labels += (labels.empty() ? "`" : ", `") + label + "`";
        }
        rows[name] = "| `" + name + "` | " + family.type + " | " + labels + " | " +
                     (name.starts_with("phyll_") ? unit_of(name) : "") + " | " + family.help + " |";
    }
    return rows;
}

std::map<std::string, std::string> rows_of_document() {
    std::ifstream file(PHYLL_DOCS_DIR "/metrics.md");
    REQUIRE(file);
    std::map<std::string, std::string> rows;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("| `")) {
            REQUIRE(rows.emplace(line.substr(3, line.find('`', 3) - 3), line).second);
        }
    }
    return rows;
}

Finished refused(const std::string& metrics) {
    const test::TempDir dir;
    const auto file = dir.path() / "lab.toml";
    std::ofstream(file) << "metrics = \"" << metrics << "\"\n" << Daemon::small_lab;
    return test::run_command({PHYLL_BIN_DIR "/phylld", "--config", file.string(), "--state-dir",
                              (dir.path() / "state").string()});
}

} // namespace

// When this fails for a metric that is new or was changed: put the row that it prints into the
// document.
TEST_CASE("docs/metrics.md has the metrics that a daemon serves, with types, labels and meaning") {
    Daemon daemon(serving + test::noisy_lab);
    const std::string run =
        daemon.write("run.toml", test::endless_run + "[sentinels]\nevery = 10\n").string();
    REQUIRE(daemon.ctl({"run", "start", run}).status == 0);
    Metrics metrics;
    test::await([&] { // what is missing until a run says it
        metrics = scrape(daemon);
        return metrics.families.contains("phyll_rig_sentinel_deviation") &&
               metrics.families.contains("phyll_runs_wait_ratio");
    });
    std::map<std::string, std::string> document = rows_of_document();
    std::string problems;
    for (const auto& [name, row] : rows_of(metrics)) {
        if (document[name] != row) {
            problems += "this row is missing or another:\n" + row + "\n";
        }
        document.erase(name);
    }
    for (const auto& [name, row] : document) {
        problems += "not served:\n" + row + "\n";
    }
    std::cerr << problems; // whole lines, to be copied
    REQUIRE(problems.empty());
}

TEST_CASE("after a run the metrics are what its account says", "[release]") {
    Daemon daemon(serving + Daemon::small_lab);
    const Metrics before = scrape(daemon);
    REQUIRE(before["phyll_up"] == 1);
    REQUIRE(before[R"(phyll_rig_samples_total{rig="cavity"})"] == 0);
    REQUIRE(before.sum("phyll_runs{") == 0);

    const json result = result_of_run(daemon, test::short_run);
    const Metrics after = scrape(daemon);
    const auto account = [&](const char* key) { return result[key].get<double>(); };
    REQUIRE(after[R"(phyll_rig_samples_total{rig="cavity"})"] ==
            account("training_queries") + account("evaluation_queries"));
    REQUIRE(after[R"(phyll_rig_samples_total{rig="echo"})"] == 0);
    REQUIRE(after[R"(phyll_rig_age_samples{rig="cavity"})"] ==
            after[R"(phyll_rig_samples_total{rig="cavity"})"]);
    // The rig's thread and the run look at different clocks' moments of the same queries.
    const double hardware = after[R"(phyll_rig_hardware_seconds_total{rig="cavity"})"];
    REQUIRE(hardware > 0.0);
    REQUIRE(hardware < account("active_seconds"));
    REQUIRE(after[R"(phyll_rig_query_seconds_sum{rig="cavity"})"] == Approx(hardware));
    REQUIRE(after[R"(phyll_rig_query_seconds_count{rig="cavity"})"] > 0);

    REQUIRE(after[R"(phyll_runs{state="succeeded"})"] == 1);
    REQUIRE(after.sum("phyll_runs{") == 1);
    REQUIRE(after["phyll_runs_digital_seconds_total"] > 0.0);
    REQUIRE(after["phyll_runs_digital_seconds_total"] <= account("digital_seconds"));
    REQUIRE(after["phyll_runs_wait_seconds_total"] > 0.0);
    REQUIRE(after["phyll_runs_wait_seconds_total"] <= account("wait_seconds"));
    REQUIRE(after["phyll_runs_active_seconds_total"] <= account("active_seconds"));
    REQUIRE(after["phyll_runs_journal_bytes"] == 0);
    REQUIRE(after[R"(phyll_requests_total{method="Runs/Submit",code="OK"})"] == 1);
    REQUIRE(after[R"(phyll_request_seconds_count{method="Runs/Submit"})"] == 1);
    REQUIRE(after[R"(phyll_rig_faults_total{rig="cavity"})"] == 0);
    REQUIRE(after[R"(phyll_rig_blocked{rig="cavity",kind="not_safe"})"] == 0);
}

TEST_CASE("faults, stops, and runs that wait are seen as they are") {
    Daemon daemon(serving + Daemon::small_lab);
    // By the ipc socket, where callers are admins.
    const auto admin = [&](std::vector<std::string> arguments) {
        std::vector<std::string> command{PHYLL_BIN_DIR "/phyllctl", "--endpoint", daemon.ipc()};
        command.insert(command.end(), arguments.begin(), arguments.end());
        REQUIRE(test::run_command(command).status == 0);
    };
    const std::string in = daemon.write("x.csv", "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0").string();
    admin({"rig", "fault", "echo", "not_finite"});
    REQUIRE(daemon.ctl({"query", "echo", "--in", in, "--wait"}).status != 0);
    REQUIRE(scrape(daemon)[R"(phyll_rig_faults_total{rig="echo"})"] == 1);

    for (int i = 0; i < 2; ++i) { // the second waits for the first one's rig
        const std::string run = daemon.write("run.toml", test::endless_run).string();
        REQUIRE(daemon.ctl({"run", "start", run}).status == 0);
    }
    Metrics metrics;
    test::await([&] {
        metrics = scrape(daemon);
        return metrics["phyll_runs_journal_bytes"] > 0;
    });
    REQUIRE(metrics[R"(phyll_runs{state="running"})"] == 1);
    REQUIRE(metrics[R"(phyll_runs{state="queued"})"] == 1);
    REQUIRE(metrics[R"(phyll_leases{state="held"})"] == 1);
    REQUIRE(metrics[R"(phyll_leases{state="waiting"})"] == 1);
    REQUIRE(metrics[R"(phyll_rig_held{rig="cavity"})"] == 1);
    REQUIRE(metrics[R"(phyll_rig_held{rig="echo"})"] == 0);

    admin({"stop", "cavity"});
    test::await([&] {
        metrics = scrape(daemon);
        return metrics[R"(phyll_runs{state="held"})"] == 1;
    });
    REQUIRE(metrics[R"(phyll_rig_blocked{rig="cavity",kind="stopped"})"] == 1);
    REQUIRE(metrics[R"(phyll_rig_safe{rig="cavity"})"] == 1);
}

TEST_CASE("phyllctl prints what Prometheus reads, also where nothing is served by HTTP") {
    const bool by_http = GENERATE(true, false);
    Daemon daemon((by_http ? serving : "") + Daemon::small_lab);
    REQUIRE(daemon.metrics().empty() != by_http);
    const Finished printed = daemon.ctl({"metrics"});
    REQUIRE(printed.status == 0);
    const Metrics metrics = read_metrics(printed.out);
    REQUIRE(metrics["phyll_up"] == 1);
    REQUIRE(metrics["phyll_clients"] == 1);
    REQUIRE(metrics["phyll_requests_in_flight"] == 1);
    const json line = json::parse(daemon.ctl({"--json", "metrics"}).out);
    REQUIRE(line["event"] == "metrics");
    // The second time it is known what the first one took.
    REQUIRE(read_metrics(line["text"])[R"(phyll_request_seconds_count{method="Lab/Metrics"})"] ==
            1);
}

TEST_CASE("metrics are served on loopback or not at all") {
    for (const char* metrics :
         {"0.0.0.0:9464", "*:9464", "192.0.2.1:9464", "localhost:9464", "127.0.0.1",
          "127.0.0.1:65536", "127.0.0.1:", ":9464", "tcp://127.0.0.1:9464", "127.0.0.1:94x"}) {
        const Finished finished = refused(metrics);
        INFO(metrics << ": " << finished.err);
        REQUIRE(finished.status == 1);
        REQUIRE(contains(finished.err, "metrics: '" + std::string(metrics) + "'; valid is"));
    }
    Daemon daemon(serving + Daemon::small_lab);
    const std::string taken = "127.0.0.1:" + std::to_string(test::port_of(daemon.metrics()));
    const Finished second = refused(taken);
    REQUIRE(second.status == 1);
    REQUIRE(contains(second.err, taken));
}

TEST_CASE("phylld --check says where metrics would be served") {
    const test::TempDir dir;
    const auto check = [&](const std::string& metrics) {
        const auto file = dir.path() / "lab.toml";
        std::ofstream(file) << metrics << "[[rigs]]\nname = \"echo\"\nkind = \"echo\"\n";
        return test::run_command({PHYLL_BIN_DIR "/phylld", "--check", "--config", file.string()});
    };
    REQUIRE_FALSE(contains(check("").out, "metrics"));
    const Finished served = check("metrics = \"127.0.0.1:9464\"\n");
    REQUIRE(served.status == 0);
    REQUIRE(contains(served.out, "http://127.0.0.1:9464/metrics"));
    const Finished open = check("metrics = \"0.0.0.0:9464\"\n");
    REQUIRE(open.status == 1);
    REQUIRE(contains(open.err, "metrics"));
}

TEST_CASE("a daemon that stops under scrapes ends cleanly, and no scrape waits for ever") {
    Daemon daemon(serving + Daemon::small_lab);
    const std::string run = daemon.write("run.toml", test::endless_run).string();
    REQUIRE(daemon.ctl({"run", "start", run}).status == 0);
    const std::uint16_t port = test::port_of(daemon.metrics());
    std::atomic<int> whole = 0;
    std::string problems;
    std::thread scraper([&] {
        try {
            while (true) {
                const HttpAnswer answer = http_get(port, "/metrics");
                if (answer.status == 200) { // else the connection was closed before an answer
                    static_cast<void>(read_metrics(answer.body)["phyll_up"]);
                    ++whole;
                }
            }
        } catch (const std::runtime_error& error) {
            problems = error.what();
        }
    });
    test::await([&] { return whole > 3; });
    const int status = daemon.stop();
    scraper.join();
    REQUIRE(status == 0);
    REQUIRE(contains(problems, "nobody listens"));
    REQUIRE(contains(daemon.log(), "phylld has stopped"));
}
