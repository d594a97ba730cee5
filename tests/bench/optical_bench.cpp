// What a query of the simulated optical rig costs beyond the complex product that it is made of, on
// one thread, for the kernel level in use: 784 inputs to 2,000 super-pixels of 2 grains, camera
// noise on, 500 samples.
// With the argument `perturb`: what perturbations of the default rig come to, and what they cost.
// Another level: /lib64/ld-linux-x86-64.so.2 --glibc-hwcaps-mask x86-64-v3 phyll_bench_optical
#include "drivers/core/aligned_floats.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/core/kernels/complex_product.hpp"
#include "drivers/core/kernels/level.hpp"
#include "drivers/core/kernels/normal.hpp"
#include "drivers/core/sample_block.hpp"
#include "drivers/core/workers.hpp"
#include "sim/physics/optical/optical_device.hpp"
#include "sim/rigs/decorators/disturbance.hpp"
#include "sim/rigs/decorators/disturbed.hpp"
#include "sim/rigs/optical/optical.pb.h"
#include "sim/rigs/optical/optical_rig.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace phyll;

constexpr int rounds = 9;
constexpr std::size_t inputs = 784;
constexpr std::size_t outputs = 2000;
constexpr std::size_t grains = 2;
constexpr std::size_t samples = 500;

double seconds_of(const std::function<void()>& call) {
    const auto start = std::chrono::steady_clock::now();
    call();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Median seconds of each call, all taken in turns, so that what else the machine does hits all.
std::vector<double> median_seconds(const std::vector<std::function<void()>>& calls) {
    std::vector<std::vector<double>> times(calls.size());
    for (int round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < calls.size(); ++i) {
            times[i].push_back(seconds_of(calls[i]));
        }
    }
    std::vector<double> medians;
    for (std::vector<double>& time : times) {
        std::nth_element(time.begin(), time.begin() + rounds / 2, time.end());
        medians.push_back(time[rounds / 2]);
    }
    return medians;
}

/// E = T s alone: both planes of E written, or with `complex` false s real.
class Product {
  public:
    explicit Product(bool complex)
        : complex_(complex),
          s_real_(inputs * samples),
          s_imaginary_(inputs * samples),
          packed_(panels() * kernels::phyll_complex_panel_floats(inputs)),
          scratch_(kernels::phyll_complex_scratch_floats(inputs)),
          real_(grains * outputs * samples),
          imaginary_(real_.size()) {
        kernels::phyll_normals(1, 0, 0, s_real_.size(), s_real_.data());
        kernels::phyll_normals(1, 1, 0, s_imaginary_.size(), s_imaginary_.data());
        kernels::phyll_normals(1, 2, 0, panels() * kernels::phyll_complex_panel_floats(inputs),
                               packed_.data());
    }
    void operator()() {
        const kernels::MatrixView real{s_real_.data(), samples, inputs, inputs, 1};
        const kernels::MatrixView imaginary{s_imaginary_.data(), samples, inputs, inputs, 1};
        kernels::phyll_complex_product(packed_.data(), grains * outputs, &real,
                                       complex_ ? &imaginary : nullptr, real_.data(),
                                       imaginary_.data(), grains * outputs, scratch_.data());
    }

  private:
    static std::size_t panels() {
        const std::size_t wide = kernels::phyll_complex_panel_rows();
        return (grains * outputs + wide - 1) / wide;
    }

    bool complex_;
    std::vector<float> s_real_;
    std::vector<float> s_imaginary_;
    AlignedFloats packed_; ///< any numbers will do
    AlignedFloats scratch_;
    std::vector<float> real_;
    std::vector<float> imaginary_;
};

void bench_query(const char* modulation) {
    const bool complex = std::string(modulation) == "phase";
    const SystemClock clock;
    Workers workers(1);
    sim::v1::OpticalOptions options;
    options.set_outputs(outputs);
    options.set_grains(grains);
    options.set_modulation(modulation);
    const sim::RigSite site{.seed = 1, .workers = &workers};
    const physics::OpticalDevice device(sim::optical_parameters(options), 1, workers);
    // As the daemon has it: with its deadline looked at every 64 samples.
    const auto rig = sim::disturbed(sim::optical_kind().make(options, site), {}, site, clock);

    std::vector<float> numbers(inputs * samples);
    kernels::phyll_normals(2, 0, 0, numbers.size(), numbers.data());
    OwnedBlock x(inputs, samples);
    std::transform(numbers.begin(), numbers.end(), x.view().data(),
                   [](float n) { return std::clamp(0.5F + n / 6, 0.0F, 1.0F); });
    OwnedBlock y(outputs, samples);
    Product product(complex);
    const std::vector<double> seconds =
        median_seconds({[&] { product(); }, [&] { device.respond(x.view(), y.view(), {}, {}); },
                        [&] { rig->query(x.view(), y.view(), {}); }});
    const double operations =
        (complex ? 8.0 : 4.0) * inputs * outputs * grains * static_cast<double>(samples);
    fmt::print("{}: product alone {:.1f} GFLOP/s; device {:.1f} GFLOP/s, {:.2f} times the "
               "product; rig {:.2f} times, {:.0f} samples/s\n",
               modulation, operations / seconds[0] * 1e-9, operations / seconds[1] * 1e-9,
               seconds[1] / seconds[0], seconds[2] / seconds[0],
               static_cast<double>(samples) / seconds[2]);
}

void bench_medium() {
    Workers workers(1);
    double best = 1e9;
    double turned = 1e9;
    for (int round = 0; round < 3; ++round) {
        physics::ScatteringMedium medium(1, inputs, outputs, grains, workers);
        const std::vector<double> angles(medium.components(), 0.1);
        best =
            std::min(best, seconds_of([&] {
                         const physics::ScatteringMedium other(2, inputs, outputs, grains, workers);
                     }));
        turned = std::min(turned, seconds_of([&] { medium.turn(angles); }));
    }
    fmt::print("medium of {} x {} x {}: drawn in {:.0f} ms, turned in {:.0f} ms\n", inputs, outputs,
               grains, best * 1e3, turned * 1e3);
}

/// Amounts and shifts that the search finds, and how the correlation is where theory alone, with
/// one angle for the whole medium, would put it.
void show_perturbations(const char* modulation, std::uint64_t seed) {
    Workers workers(2);
    sim::v1::OpticalOptions options;
    options.set_modulation(modulation);
    const auto rig = sim::optical_kind().make(options, {.seed = seed, .workers = &workers});
    const sim::Probe probe(*rig);
    for (const double f : {0.05, 0.2, 0.5}) {
        sim::Perturbation found;
        const double seconds =
            seconds_of([&] { found = sim::find_perturbation(*rig, probe, f, seed); });
        const std::vector<double> angles(rig->parameters(), std::asin(std::sqrt(f)));
        rig->displace(angles);
        fmt::print("{} seed {} perturb {:.2f}: amount {:.3f} (begun at {:.3f}), mean moves {:.2f}, "
                   "{:.2f} s; asin(sqrt(f)) for all: correlation {:.3f}\n",
                   modulation, seed, f, found.amount, rig->first_guess(f), found.shift.mean,
                   seconds, probe.shift_of(*rig).correlation);
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "perturb") {
        for (const char* modulation : {"phase", "amplitude"}) {
            for (const std::uint64_t seed : {1U, 2U, 3U}) {
                show_perturbations(modulation, seed);
            }
        }
        return 0;
    }
    fmt::print("optical, kernels {}, one thread, medians of {}\n", kernels::phyll_kernel_level(),
               rounds);
    bench_query("phase");
    bench_query("amplitude");
    bench_medium();
}
