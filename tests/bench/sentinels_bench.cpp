// How often sentinels end an era for nothing, and how soon they notice that a rig has changed, on
// simulated responses: the tables of docs/sentinels.md.
//
//   phyll_bench_sentinels [DAYS]    days without a change that are simulated; default: 1000
#include "tests/unit/sentinels/simulated_sentinels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace phyll::runs::sentinels;

constexpr std::size_t fast = 4320; ///< rounds a day at 0.02 s per sample, every 1000 samples
constexpr std::size_t slow = 432;  ///< at 0.2 s per sample
constexpr std::size_t trials = 200;

struct Case {
    const char* name;
    SimulatedRig rig;
    DriftOptions options{};
};

std::vector<Case> cases(double snr_db) {
    return {
        {"1 output", {.n_out = 1, .snr_db = snr_db}},
        {"4 outputs, one sentinel with 3 times the noise",
         {.n_out = 4, .snr_db = snr_db, .louder = 3}},
        {"16 outputs", {.n_out = 16, .snr_db = snr_db}},
        {"16 outputs, noise uneven", {.n_out = 16, .snr_db = snr_db, .uneven = true}},
        {"16 outputs, half the noise in common", {.n_out = 16, .snr_db = snr_db, .common = 0.5}},
        {"16 outputs, all noise in common", {.n_out = 16, .snr_db = snr_db, .common = 1}},
        {"676 outputs", {.n_out = 676, .snr_db = snr_db}}};
}

void print_false_alarms(std::size_t days) {
    fmt::print("| responses | days | alarms, 4320 rounds a day | alarms, 432 rounds a day |\n"
               "|---|---|---|---|\n");
    for (const double snr : {30.0, 10.0}) {
        for (const Case& one : cases(snr)) {
            const std::size_t few =
                one.rig.n_out > 100 ? std::max<std::size_t>(1, days / 20) : days;
            // The limit by noise alone, which the default tolerance only raises.
            const DriftOptions options{.tolerance = 1e-9};
            const FalseAlarms at_fast = false_alarms(one.rig, options, few, fast);
            const FalseAlarms at_slow = false_alarms(one.rig, options, few, slow);
            fmt::print("| {}, {} dB | {} | {} | {} |\n", one.name, snr, few, at_fast.alarms,
                       at_slow.alarms);
        }
    }
}

std::string percentile(const std::vector<std::size_t>& sorted, double share, double factor,
                       int decimals) {
    const auto place = static_cast<std::size_t>(share * static_cast<double>(trials));
    return place < sorted.size()
               ? fmt::format("{:.{}f}", static_cast<double>(sorted[place]) * factor, decimals)
               : "-";
}

template <class Displaced>
std::string delays(const Case& one, std::size_t change, std::size_t most,
                   const Displaced& displaced, double factor, int decimals) {
    const std::size_t repeats = trials;
    std::vector<std::size_t> found;
    for (std::size_t seed = 0; seed < repeats; ++seed) {
        if (const auto rounds = delay(one.rig, one.options, seed, change, most, displaced)) {
            found.push_back(*rounds);
        }
    }
    std::ranges::sort(found);
    return fmt::format("{} / {}", percentile(found, 0.5, factor, decimals),
                       percentile(found, 0.95, factor, decimals));
}

void print_delays_of(const Case& one) {
    const auto step = [](std::size_t) { return displaced_by_0_05; };
    const auto drift = [](std::size_t a_day) {
        return [a_day](std::size_t round) {
            return displaced_by_0_05 * static_cast<double>(round) / static_cast<double>(a_day);
        };
    };
    const std::string at_fast = one.rig.n_out > 100
                                    ? "not measured"
                                    : delays(one, 0, 2 * fast, drift(fast), 24.0 / fast, 1);
    fmt::print("| {}, {} dB | {} | {} | {} | {} |\n", one.name, one.rig.snr_db,
               delays(one, 4, 1000, step, 1, 0), delays(one, 100, 1000, step, 1, 0),
               delays(one, 0, 2 * slow, drift(slow), 24.0 / slow, 1), at_fast);
}

void print_delays() {
    fmt::print("\nmedian / 95 % of {} trials\n", trials);
    fmt::print("| responses | 0.05 after 4 rounds, rounds | 0.05 after 100 rounds, rounds "
               "| 0.05 a day, 432 rounds a day, hours | 0.05 a day, 4320 rounds a day, hours |\n"
               "|---|---|---|---|---|\n");
    for (const double snr : {30.0, 10.0}) {
        for (const Case& one : cases(snr)) {
            print_delays_of(one);
        }
    }
    const DriftOptions more{.count = 32, .baseline = 8};
    print_delays_of({"1 output, count = 32, baseline = 8", {.n_out = 1, .snr_db = 10}, more});
    print_delays_of({"16 outputs, all noise in common, count = 32, baseline = 8",
                     {.n_out = 16, .snr_db = 10, .common = 1},
                     more});
}

} // namespace

int main(int argc, char** argv) {
    print_delays();
    print_false_alarms(argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1000);
}
