#include "tests/integration/run_lab.hpp"

#include "drivers/core/clock.hpp"

#include <chrono>
#include <cstdlib>
#include <string>

namespace phyll::test {
namespace {

/// What a hold begins with, in s, in which nothing is tried.
constexpr double pause_before_a_try = 0.5;

double seconds_since_1970(Clock::Wall time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

} // namespace

bool RunLab::hand_on(const bench::Environment& environment) {
    for (const auto& [name, value] : environment) {
        ::setenv(name.c_str(), value.c_str(), 1);
    }
    return true;
}

std::uint64_t RunLab::figure(const std::string& instrument, const std::string& name) {
    const auto figures = bench.status(instrument).figures;
    const auto found = std::ranges::find(figures, name, &bench::Figure::name);
    REQUIRE(found != figures.end());
    return found->value;
}

bool RunLab::driven_while_held(const std::string& run, const std::string& instrument) {
    const SystemClock clock;
    bool driven = false;
    Process watch(daemon.ctl_command({"--json", "run", "watch", run}),
                  daemon.folder() / "watch.log");
    for (std::string line; !(line = watch.read_line()).empty();) {
        const nlohmann::json event = nlohmann::json::parse(line);
        if (event["event"] != "state" || event["state"] != "held") {
            continue;
        }
        const double over = event["time"].get<double>() + pause_before_a_try;
        while (seconds_since_1970(clock.wall()) < over) {
            const bool on = output_on(instrument);
            // What was seen when the pause was over says nothing.
            driven = driven || (on && seconds_since_1970(clock.wall()) < over);
        }
    }
    return driven;
}

} // namespace phyll::test
