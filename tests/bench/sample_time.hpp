#pragma once

#include "drivers/core/random.hpp"
#include "drivers/core/sample_block.hpp"
#include "drivers/core/workers.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

namespace phyll::bench {

/// Microseconds per sample on one thread.
struct SampleTime {
    double best;
    double median;
    double worst;
};

/// Times five answers of a simulated device to `samples` uniformly random stimuli.
template <class Device>
SampleTime sample_time(const Device& device, std::size_t samples) {
    const KeyedRandom random(1, "stimuli");
    OwnedBlock x(device.n_in(), samples);
    for (std::size_t i = 0; i < samples; ++i) {
        for (std::size_t k = 0; k < device.n_in(); ++k) {
            x.sample(i)[k] = static_cast<float>(random.uniform(i, k));
        }
    }
    OwnedBlock y(device.n_out(), samples);
    Workers workers(1);
    std::array<double, 5> microseconds{};
    for (double& time : microseconds) {
        const auto start = std::chrono::steady_clock::now();
        device.respond(x.view(), y.view(), workers, {});
        const std::chrono::duration<double, std::micro> taken =
            std::chrono::steady_clock::now() - start;
        time = taken.count() / static_cast<double>(samples);
    }
    std::sort(microseconds.begin(), microseconds.end());
    return {.best = microseconds[0], .median = microseconds[2], .worst = microseconds[4]};
}

} // namespace phyll::bench
