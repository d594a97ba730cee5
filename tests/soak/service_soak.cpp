// Runs, watches and streams for an hour on one phylld: its memory, its descriptors and its threads
// must stay where they are.
//
//   phyll_soak_service [minutes, 60]
//
// A quarter of the time it may grow. Fails where the last quarter needs more than the second one
// did.

#include "tests/integration/run_files.hpp"
#include "tests/support/process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace phyll::test;
using Seconds = std::chrono::duration<double>;

/// Mebibytes by which memory may differ: what the allocator does with its pages is its own affair.
constexpr double memory_slack = 8;
/// Clients of the moment.
constexpr double descriptor_slack = 8;

struct Sample {
    double memory = 0; ///< MiB resident
    double descriptors = 0;
    double threads = 0;
};

double threads_of(pid_t process) {
    return static_cast<double>(std::distance(
        std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task"),
        std::filesystem::directory_iterator()));
}

Sample look(const Process& process) {
    return {.memory = process.memory(),
            .descriptors = static_cast<double>(process.descriptors()),
            .threads = threads_of(process.pid())};
}

/// What clients do again and again, each beside the others.
class Clients {
  public:
    explicit Clients(const Daemon& daemon) : daemon_(daemon) {
        const std::string run = daemon.write("run.toml", short_run).string();
        const std::string bad = daemon.write("bad.toml", short_run + "[data2]\n").string();
        std::ofstream table(daemon.folder() / "stimuli.csv");
        for (int row = 0; row < 200; ++row) {
            for (int column = 0; column < 20; ++column) {
                table << (column == 0 ? "" : ",") << 0.005 * row;
            }
            table << '\n';
        }
        const std::string stimuli = (daemon.folder() / "stimuli.csv").string();
        again({{"run", "start", run, "--watch"}});
        again({{"stream", "stage", "--in", stimuli, "--out", "-", "--wait"},
               {"query", "stage", "--in", stimuli, "--out", "-", "--wait"}});
        again({{"run", "list"}, {"rigs"}, {"instruments"}, {"rigs", "stage"}},
              {{"run", "check", bad}});
    }
    ~Clients() {
        stop_ = true;
        threads_.clear();
    }
    [[nodiscard]] std::uint64_t calls() const { return calls_; }
    [[nodiscard]] std::uint64_t failures() const { return failures_; }

  private:
    using Commands = std::vector<std::vector<std::string>>;

    void again(Commands good, Commands refused = {}) {
        threads_.emplace_back([this, good = std::move(good), refused = std::move(refused)] {
            while (!stop_) {
                each(good, true);
                each(refused, false);
            }
        });
    }
    void each(const Commands& commands, bool good) {
        for (const std::vector<std::string>& command : commands) {
            const Finished finished = daemon_.ctl(command);
            ++calls_;
            if ((finished.status == 0) != good && ++failures_ < 10) {
                fmt::print("{} ended with {}: {}\n", command.front(), finished.status,
                           finished.err);
            }
        }
    }

    const Daemon& daemon_;
    std::atomic<bool> stop_ = false;
    std::atomic<std::uint64_t> calls_ = 0;
    std::atomic<std::uint64_t> failures_ = 0;
    std::vector<std::jthread> threads_;
};

double mean(const std::vector<Sample>& samples, double Sample::* what, int quarter) {
    const std::size_t size = samples.size() / 4;
    double sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
        sum += samples[static_cast<std::size_t>(quarter) * size + i].*what;
    }
    return sum / static_cast<double>(size);
}

bool is_flat(const std::vector<Sample>& samples, const char* name, double Sample::* what,
             double slack) {
    const double before = mean(samples, what, 1);
    const double after = mean(samples, what, 3);
    const bool flat = after <= before + slack;
    fmt::print("{}: {:.1f} in the second quarter, {:.1f} in the last: {}\n", name, before, after,
               flat ? "flat" : "IT GROWS");
    return flat;
}

} // namespace

int main(int argc, char** argv) {
    const double minutes = argc > 1 ? std::stod(argv[1]) : 60;
    Daemon daemon("retention.keep_runs = 20\n[[rigs]]\nname = \"cavity\"\nkind = \"acoustic\"\n"
                  "[[rigs]]\nname = \"stage\"\nkind = \"echo\"\noptions.width = 20\n");
    std::vector<Sample> samples;
    std::uint64_t failures = 0;
    {
        const Clients clients(daemon);
        const auto begin = std::chrono::steady_clock::now();
        const Seconds every(std::clamp(minutes * 60 / 400, 0.1, 10.0));
        for (int i = 1; Seconds(i * every) <= Seconds(minutes * 60); ++i) {
            std::this_thread::sleep_until(
                begin + std::chrono::duration_cast<std::chrono::steady_clock::duration>(i * every));
            samples.push_back(look(daemon.process()));
            if (i % 20 == 0) {
                fmt::print("{:6.1f} min  {:7.1f} MiB  {:4.0f} descriptors  {:3.0f} threads  {} "
                           "calls\n",
                           i * every.count() / 60, samples.back().memory,
                           samples.back().descriptors, samples.back().threads, clients.calls());
                std::fflush(stdout);
            }
        }
        failures = clients.failures();
        fmt::print("{} calls, {} not as expected\n", clients.calls(), failures);
    }
    const bool memory = is_flat(samples, "MiB", &Sample::memory, memory_slack);
    const bool descriptors =
        is_flat(samples, "descriptors", &Sample::descriptors, descriptor_slack);
    const bool threads = is_flat(samples, "threads", &Sample::threads, descriptor_slack);
    return memory && descriptors && threads && failures == 0 && daemon.stop() == 0 ? 0 : 1;
}
