#pragma once

#include "sim/bench/server/bench.hpp"
#include "tests/integration/json_lines.hpp"
#include "tests/support/process.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace phyll::test {

/// A daemon whose one rig is made of virtual instruments that run in the test's process,
/// calibrated, with run files to start on it.
class RunLab {
  public:
    RunLab(const bench::Plan& plan, const std::string& rig) : bench(plan) {
        REQUIRE(daemon.ctl({"rig", "calibrate", rig}).status == 0);
    }

    /// Starts a run; its number. `where` is --yes or --simulate.
    std::string start(const std::string& text, const char* where) const {
        const std::string file = daemon.write("run.toml", text).string();
        const auto started = daemon.ctl({"--json", "run", "start", file, where});
        REQUIRE(started.status == 0);
        return std::to_string(lines_of(started.out).back()["run"].get<int>());
    }
    nlohmann::json show(const std::string& run) const {
        return nlohmann::json::parse(daemon.ctl({"--json", "run", "show", run}).out);
    }
    /// Waits for its end.
    nlohmann::json result(const std::string& run) const {
        static_cast<void>(daemon.ctl({"--json", "run", "watch", run}));
        return show(run);
    }
    /// Whether an output of an instrument is on, as it says itself.
    [[nodiscard]] bool output_on(const std::string& instrument) {
        return std::ranges::any_of(bench.status(instrument).outputs, &bench::Output::on);
    }
    /// What an instrument counted: "resets".
    [[nodiscard]] std::uint64_t figure(const std::string& instrument, const std::string& name);
    /// Waits for the run's end. Whether the instrument was seen to drive in the half second after a
    /// hold began, in which nothing is tried; later in a hold a try drives it, as it has to.
    bool driven_while_held(const std::string& run, const std::string& instrument);

    /// So that the daemon finds the bench's USB devices, where it has any.
    static bool hand_on(const bench::Environment& environment);

    TempDir locks;
    bench::Bench bench;
    bool reached = hand_on(bench.environment());
    Daemon daemon{"lock_dir = \"" + locks.path().string() + "\"\n" + bench.config()};
};

} // namespace phyll::test
