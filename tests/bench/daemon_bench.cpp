// What a technician feels: how long `phyllctl rigs` takes in all, and what an idle daemon costs.

#include "tests/support/process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_of(const phyll::test::Daemon& daemon) {
    const auto start = Clock::now();
    static_cast<void>(daemon.ctl({"rigs"}));
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

} // namespace

int main() {
    phyll::test::Daemon daemon;
    std::vector<double> times;
    for (int i = 0; i < 41; ++i) {
        times.push_back(milliseconds_of(daemon));
    }
    std::ranges::sort(times);
    fmt::print("phyllctl rigs, whole process: median {:.1f} ms, worst of {} {:.1f} ms (bar 50)\n",
               times[times.size() / 2], times.size(), times.back());

    const double before = daemon.process().cpu_seconds();
    const auto idle = std::chrono::seconds(10);
    std::this_thread::sleep_for(idle);
    const double used = daemon.process().cpu_seconds() - before;
    fmt::print("idle phylld: {:.2f} % of one processor over {} s\n",
               100.0 * used / static_cast<double>(idle.count()), idle.count());
    return 0;
}
