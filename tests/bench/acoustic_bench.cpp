// Time per sample of the simulated acoustic cavity on one thread, for the kernel level in use.
// Another level: /lib64/ld-linux-x86-64.so.2 --glibc-hwcaps-mask x86-64-v3 phyll_bench_acoustic
#include "drivers/core/random.hpp"
#include "drivers/core/sample_block.hpp"
#include "drivers/core/workers.hpp"
#include "sim/physics/acoustic/cavity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace {

constexpr std::size_t samples = 512;

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

} // namespace

int main() {
    phyll::Workers workers(1);
    const phyll::physics::AcousticCavity cavity{phyll::physics::AcousticParameters{}};
    const phyll::OwnedBlock x = uniform_stimuli(cavity.n_in());
    phyll::OwnedBlock y(cavity.n_out(), samples);
    std::array<double, 5> microseconds{};
    for (double& time : microseconds) {
        const auto start = std::chrono::steady_clock::now();
        cavity.respond(x.view(), y.view(), workers, {});
        const std::chrono::duration<double, std::micro> taken =
            std::chrono::steady_clock::now() - start;
        time = taken.count() / samples;
    }
    std::sort(microseconds.begin(), microseconds.end());
    fmt::print("acoustic, kernel {}: {:.1f} us per sample (best {:.1f}, worst {:.1f})\n",
               phyll::physics::acoustic_kernel_level(), microseconds[2], microseconds[0],
               microseconds[4]);
}
