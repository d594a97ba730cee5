// Time per sample of the simulated acoustic cavity on one thread, for the kernel level in use.
// Another level: /lib64/ld-linux-x86-64.so.2 --glibc-hwcaps-mask x86-64-v3 phyll_bench_acoustic
#include "sim/physics/acoustic/cavity.hpp"
#include "tests/bench/sample_time.hpp"

#include <fmt/format.h>

int main() {
    const phyll::physics::AcousticCavity cavity{phyll::physics::AcousticParameters{}};
    const auto time = phyll::bench::sample_time(cavity, 512);
    fmt::print("acoustic, kernel {}: {:.1f} us per sample (best {:.1f}, worst {:.1f})\n",
               phyll::physics::acoustic_kernel_level(), time.median, time.best, time.worst);
}
