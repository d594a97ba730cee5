// Time per sample of the simulated electronic ladder on one thread, for the kernel level in use.
// Another level: /lib64/ld-linux-x86-64.so.2 --glibc-hwcaps-mask x86-64-v3 phyll_bench_electronic
#include "sim/physics/electronic/ladder.hpp"
#include "tests/bench/sample_time.hpp"

#include <fmt/format.h>

int main() {
    const phyll::physics::ElectronicLadder ladder{phyll::physics::ElectronicParameters{}};
    const auto time = phyll::bench::sample_time(ladder, 8192);
    fmt::print("electronic, kernel {}: {:.2f} us per sample (best {:.2f}, worst {:.2f})\n",
               phyll::physics::electronic_kernel_level(), time.median, time.best, time.worst);
}
