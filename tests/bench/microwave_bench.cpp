// Samples per second of the simulated microwave cavity on one thread, for the kernel level in use,
// and what building it and moving it costs. Another level:
// /lib64/ld-linux-x86-64.so.2 --glibc-hwcaps-mask x86-64-v3 phyll_bench_microwave
#include "drivers/core/random.hpp"
#include "drivers/core/sample_block.hpp"
#include "drivers/core/workers.hpp"
#include "sim/physics/microwave/cavity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

namespace {

constexpr std::size_t samples = 4096;

phyll::OwnedBlock uniform_stimuli(std::size_t channels) {
    const phyll::KeyedRandom random(1, "stimuli");
    phyll::OwnedBlock x(channels, samples);
    for (std::size_t i = 0; i < samples; ++i) {
        for (std::size_t k = 0; k < channels; ++k) {
            x.sample(i)[k] = static_cast<float>(random.uniform(i, k));
        }
    }
    return x;
}

template <class Work>
double seconds(const Work& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void measure(std::size_t points) {
    phyll::Workers workers(1);
    phyll::physics::MicrowaveParameters parameters;
    parameters.points = points;
    const auto start = std::chrono::steady_clock::now();
    phyll::physics::MicrowaveCavity cavity(parameters, 1, workers);
    const std::chrono::duration<double> built = std::chrono::steady_clock::now() - start;
    const std::vector<double> offsets(phyll::physics::microwave_displacements(parameters), 0.01);
    const double moved = seconds([&] { cavity.displace(offsets, workers); });

    const phyll::OwnedBlock x = uniform_stimuli(cavity.n_in());
    phyll::OwnedBlock y(cavity.n_out(), samples);
    std::array<double, 7> rates{};
    for (double& rate : rates) {
        rate = samples / seconds([&] { cavity.respond(x.view(), y.view(), workers, {}); });
    }
    std::sort(rates.begin(), rates.end());
    fmt::print("microwave, kernel {}, {} points: {:.0f} samples/s (best {:.0f}, worst {:.0f}); "
               "built in {:.0f} ms, moved in {:.0f} ms\n",
               phyll::physics::microwave_kernel_level(), points, rates[rates.size() / 2],
               rates.back(), rates.front(), 1e3 * built.count(), 1e3 * moved);
}

} // namespace

int main() {
    measure(20);
    measure(60);
}
