// How long instruments wait for the daemon: rigs' drivers on virtual instruments that take as long
// as real ones. Of the electronic rig 2 ms for each message and 5 ms for a record; of the microwave
// rig 1 ms for each message and 7.2 ms for a sweep of 60 points at 10 kHz. Of the optical rig 1 ms
// for a picture, 20 ms until light meets it and an exposure of 5 ms: what it takes beside settling,
// exposing and the picture's way, and what settling takes longer than it would have to. Of the
// acoustic rig what real time it takes beside that of its samples: marker, latency, gaps.
//
//   phyll_bench_instruments [rounds]

#include "drivers/core/random.hpp"
#include "tests/conformance/virtual_lab.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

namespace {

using namespace phyll;

constexpr std::size_t samples = 64;

struct Figures {
    double waiting = 0.0; ///< share of the time
    double rate = 0.0;    ///< samples a second
};

Figures measure(conformance::VirtualLab& bench, PhysicalLayer& rig, const OwnedBlock& x) {
    OwnedBlock y(rig.spec().n_out(), x.samples());
    bench.bench().reset_statistics();
    const auto start = std::chrono::steady_clock::now();
    rig.query(x.view(), y.view(), {});
    const Seconds took = std::chrono::steady_clock::now() - start;
    const phyll::bench::BenchStatus status = bench.bench().status();
    return {.waiting = status.waiting / status.all,
            .rate = static_cast<double>(samples) / took.count()};
}

double median(std::vector<double> values) {
    std::ranges::nth_element(values,
                             values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
    return values[values.size() / 2];
}

OwnedBlock stimuli_for(const PhysicalLayer& rig) {
    const KeyedRandom random(1, "stimuli");
    OwnedBlock x(rig.spec().n_in(), samples);
    for (std::size_t i = 0; i < samples; ++i) {
        for (std::size_t k = 0; k < x.channels(); ++k) {
            x.sample(i)[k] = static_cast<float>(random.uniform(i, k));
        }
    }
    return x;
}

void report(conformance::VirtualLab& bench, const std::string& what, int rounds) {
    const SystemClock clock;
    const auto rig = bench.rig(clock);
    const OwnedBlock x = stimuli_for(*rig);
    std::vector<double> waiting;
    std::vector<double> rates;
    static_cast<void>(measure(bench, *rig, x)); // sets up
    for (int round = 0; round < rounds; ++round) {
        const Figures figures = measure(bench, *rig, x);
        waiting.push_back(figures.waiting);
        rates.push_back(figures.rate);
    }
    fmt::print("{}: instruments wait for {:.1f} % of the time (median of {}, worst {:.1f} %), "
               "{:.0f} samples/s\n",
               what, 100 * median(waiting), rounds, 100 * std::ranges::max(waiting), median(rates));
}

void report_electronic(unsigned samples_per_record, int rounds) {
    phyll::bench::ElectronicBench kind;
    kind.transfer_time = Seconds(0.002);
    kind.nature.record_time = Seconds(0.005);
    conformance::ElectronicBench bench(kind,
                                       fmt::format("samples_per_record = {}", samples_per_record));
    report(bench, fmt::format("electronic, {:2} samples a record", samples_per_record), rounds);
}

void report_microwave(const std::string& vna, int rounds) {
    phyll::bench::MicrowaveBench kind;
    kind.vna = vna;
    kind.transfer_time = Seconds(0.001);
    kind.nature.sweep_time = 1;
    conformance::MicrowaveBench bench(kind);
    report(bench, fmt::format("microwave, {}", vna), rounds);
}

/// A camera does not say when it is busy: what every capture took beside its nominal times.
void report_optical(std::size_t width, std::size_t height, int rounds) {
    constexpr double picture = 0.001;
    constexpr double exposure = 0.005;
    constexpr std::size_t reference_every = 16;
    constexpr std::size_t outputs = 100; // which the bench computes while it exposes
    phyll::bench::OpticalBench kind;
    kind.latency = Seconds(0.02);
    kind.transfer_time = Seconds(picture);
    kind.nature.nominal_exposure = exposure;
    kind.exposing = 1;
    kind.width = width;
    kind.height = height;
    kind.nature.device.outputs = outputs;
    conformance::OpticalBench bench(
        kind, fmt::format("exposure_time = {}\nreference_every = {}\noutputs = {}\n", exposure,
                          reference_every, outputs));
    const SystemClock clock;
    const auto rig = bench.rig(clock);
    const OwnedBlock x = stimuli_for(*rig);
    static_cast<void>(measure(bench, *rig, x)); // sets up
    // Of every sample with its share of the references.
    constexpr double captures = 1.0 + 1.0 / reference_every;
    const double settling_and_exposing = rig->spec().seconds_per_sample / captures;
    std::vector<double> waiting;
    std::vector<double> rates;
    for (int round = 0; round < rounds; ++round) {
        const Figures figures = measure(bench, *rig, x);
        waiting.push_back(1.0 / figures.rate / captures / (settling_and_exposing + picture) - 1.0);
        rates.push_back(figures.rate);
    }
    fmt::print("optical, display of {} x {}: beside {:.1f} ms of settling and exposing and {:.1f} "
               "ms of sending, {:.1f} "
               "% (median of {}, worst {:.1f} %), {:.1f} samples/s; settling is waited for {:.1f} "
               "ms, and is over after {:.1f} ms\n",
               width, height, 1e3 * settling_and_exposing, 1e3 * picture, 100 * median(waiting),
               rounds, 100 * std::ranges::max(waiting), median(rates),
               1e3 * (settling_and_exposing - exposure), 1e3 * kind.latency.count());
}

/// In real time: what a query takes beside the time of its samples.
void report_acoustic(unsigned samples_per_block, int rounds) {
    phyll::bench::AcousticBench kind;
    kind.real_time = true;
    kind.period = 1024; // what a machine without real-time priority keeps up with
    conformance::AcousticBench bench(
        kind, fmt::format("samples_per_block = {}\nretakes = 100\n", samples_per_block));
    const SystemClock clock;
    const auto rig = bench.rig(clock);
    const OwnedBlock x = stimuli_for(*rig);
    std::vector<double> waiting;
    std::vector<double> rates;
    for (int round = 0; round < rounds; ++round) {
        const Figures figures = measure(bench, *rig, x);
        waiting.push_back(1.0 - figures.rate * rig->spec().seconds_per_sample);
        rates.push_back(figures.rate);
    }
    fmt::print("acoustic, {:2} samples a block: of the time {:.1f} % is not resting, playing and "
               "recording of samples (median of {}, worst {:.1f} %), {:.2f} samples/s of {:g} ms; "
               "{} records taken again\n",
               samples_per_block, 100 * median(waiting), rounds, 100 * std::ranges::max(waiting),
               median(rates), 1e3 * rig->spec().seconds_per_sample, rig->retaken());
}

} // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? std::stoi(argv[1]) : 7;
    fmt::print("queries of {} samples; bar 10 %\n", samples);
    for (const unsigned samples_per_block : {4U, 16U}) {
        report_acoustic(samples_per_block, std::min(rounds, 3));
    }
    for (const unsigned samples_per_record : {1U, 4U, 16U}) {
        report_electronic(samples_per_record, rounds);
    }
    for (const char* vna : {"rohde-schwarz-znb", "keysight-pna", "librevna"}) {
        report_microwave(vna, rounds);
    }
    report_optical(64, 56, rounds);
    report_optical(640, 512, rounds);
    return 0;
}
