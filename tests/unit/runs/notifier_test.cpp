#include "daemon/runs/notifying/notifier.hpp"
#include "tests/support/await.hpp"
#include "tests/support/log_lines.hpp"
#include "tests/support/paths.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

using namespace phyll;
using namespace phyll::runs;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::await;
using test::TempDir;

namespace {

std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::size_t lines_in(const std::filesystem::path& file) {
    const std::string text = text_of(file);
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

struct Bench {
    TempDir dir;
    StateDir state{dir.path() / "state"};
    Store store{state.database()};
    test::LogLines log;
    std::unique_ptr<Notifier> notifier;

    [[nodiscard]] std::filesystem::path heard() const { return dir.path() / "heard"; }
    void start(const std::string& command, const NotifierLimits& limits = {}) {
        v1::NotifyConfig config;
        config.set_command(command);
        notifier = std::make_unique<Notifier>(config, store, state, limits);
    }
    std::uint64_t add(const std::string& name = "") {
        v1::RunInfo info;
        info.set_name(name);
        return store.add_run(info, {}, "");
    }
    void cancel(std::uint64_t run) {
        store.change_state(run, v1::RUN_CANCELLED, "enough", 3);
        notifier->look();
    }
};

NotifierLimits quick(Seconds time) {
    return {.at_once = 1, .waiting = 2, .command = {.time = time, .farewell = Seconds(0.05)}};
}

} // namespace

TEST_CASE("a command is told of each run that is over or held, once, and of nothing else") {
    Bench bench;
    const std::uint64_t before = bench.add();
    bench.store.change_state(before, v1::RUN_CANCELLED, "before the start", 1);
    bench.start(fmt::format("cat >> '{}'", bench.heard().string()));
    bench.notifier->look();
    const std::uint64_t run = bench.add("a 'name'; $(false)");
    bench.store.started(run, {}, 2);
    bench.store.add_notice(run, "by the way", 2);
    bench.notifier->look();
    bench.store.wait_for_person(run, "look at it", 3);
    bench.notifier->look();
    bench.notifier->look();
    await([&] { return lines_in(bench.heard()) == 1; });
    const json held = json::parse(text_of(bench.heard()));
    CHECK(held["event"] == "held");
    CHECK(held["waits"] == true);
    CHECK(held["reason"] == "look at it");
    CHECK(held["run"] == run);
    CHECK(held["name"] == "a 'name'; $(false)");
    CHECK(held["time"] == 3);
    CHECK(held["folder"] == bench.state.folder_of(run).string());
    bench.cancel(run);
    await([&] { return lines_in(bench.heard()) == 2; });
    bench.notifier.reset();
    CHECK(lines_in(bench.heard()) == 2);
    CHECK_THAT(text_of(bench.heard()), Contains(R"("event":"cancelled")"));
    CHECK(bench.log.text().empty());
}

TEST_CASE("a command that fails is logged with its status and its first line") {
    Bench bench;
    bench.start("echo 'no mail today' >&2; echo more; exit 3");
    bench.cancel(bench.add());
    await([&] { return !bench.log.text().empty(); });
    CHECK_THAT(bench.log.text(),
               Contains("told that run 1 cancelled ended with status 3: 'no mail today'"));
}

TEST_CASE("a command that hangs is killed with what it started, and the next one runs") {
    Bench bench;
    bench.start(
        fmt::format("if [ ! -e '{0}' ]; then touch '{0}'; sleep 1000 & echo $! > '{0}.pid'; "
                    "wait; fi; echo done > '{0}.next'",
                    bench.heard().string()),
        quick(Seconds(0.3)));
    bench.cancel(bench.add());
    bench.cancel(bench.add());
    await([&] { return std::filesystem::exists(bench.heard().string() + ".next"); });
    CHECK_THAT(bench.log.text(), Contains("took longer than 0.3 s and was killed"));
    const std::string child = text_of(bench.heard().string() + ".pid");
    await([&] { // until init has waited for it, it is a zombie
        const std::string stat = text_of("/proc/" + child.substr(0, child.size() - 1) + "/stat");
        return stat.empty() || stat.find(") Z") != std::string::npos;
    });
}

TEST_CASE("notices beyond what may wait are dropped, and said so") {
    Bench bench;
    bench.start(fmt::format("touch '{}'; sleep 1000", bench.heard().string()),
                quick(Seconds(1000)));
    bench.cancel(bench.add());
    await([&] { return std::filesystem::exists(bench.heard()); });
    for (int i = 0; i < 5; ++i) {
        bench.cancel(bench.add());
    }
    CHECK_THAT(bench.log.text(),
               Contains("nobody is told that run 6 cancelled: 2 notices wait for the command"));
    const auto start = std::chrono::steady_clock::now();
    bench.notifier.reset();
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(60));
    CHECK_THAT(bench.log.text(), Contains("was killed, as phylld stops"));
    CHECK_THAT(bench.log.text(), Contains("cancelled: phylld stops"));
}

TEST_CASE("a command gets none of the daemon's files, and its own signals") {
    Bench bench;
    const std::filesystem::path list = bench.dir.path() / "list";
    const std::filesystem::path mask = bench.dir.path() / "mask";
    bench.start(fmt::format("grep SigBlk /proc/self/status > '{}'; exec ls /proc/self/fd > '{}'",
                            mask.string(), list.string()));
    bench.cancel(bench.add());
    await([&] { return lines_in(list) > 0; });
    CHECK(text_of(list) == "0\n1\n2\n3\n"); // the last one is what ls itself reads
    CHECK(text_of(mask) == "SigBlk:\t0000000000000000\n");
}

TEST_CASE("a command that reads nothing and writes without end does no harm") {
    Bench bench;
    bench.start("yes; exit 1", quick(Seconds(0.2)));
    bench.cancel(bench.add(std::string(200'000, 'x')));
    await([&] { return !bench.log.text().empty(); });
    CHECK_THAT(bench.log.text(), Contains("was killed: 'y'"));
}
