#include "daemon/training/characterise/probes.hpp"

#include "drivers/core/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <vector>

namespace phyll::training {
namespace {

constexpr float jitter = 0.1F; // from one end to the other

} // namespace

float rounded(float drive, unsigned levels) noexcept {
    if (levels < 2) {
        return drive;
    }
    const auto steps = static_cast<float>(levels - 1);
    return std::round(drive * steps) / steps;
}

OwnedBlock uniform_drives(const LayerSpec& spec, std::size_t samples, std::uint64_t seed) {
    const KeyedRandom random(seed, "uniform drives");
    OwnedBlock x(spec.n_in(), samples);
    for (std::size_t i = 0; i < samples; ++i) {
        for (std::size_t k = 0; k < spec.n_in(); ++k) {
            x.sample(i)[k] =
                rounded(static_cast<float>(random.uniform(i, k)), spec.inputs[k].levels);
        }
    }
    return x;
}

ExclusiveOrProbe exclusive_or(const LayerSpec& spec, std::size_t first, std::size_t second,
                              std::size_t samples, std::uint64_t seed) {
    const KeyedRandom random(seed, fmt::format("exclusive or {} {}", first, second));
    // Any four samples in a row have each combination once: a class that is rarer in the half that
    // is learnt from is more frequent in the other, and that alone takes a guess below 50 %.
    std::vector<std::uint32_t> order(samples);
    for (std::size_t i = 0; i < samples; i += 4) {
        const std::span<std::uint32_t> four =
            std::span(order).subspan(i, std::min<std::size_t>(4, samples - i));
        std::iota(four.begin(), four.end(), 0U);
        random.shuffle(four, samples + 2 + i);
    }
    ExclusiveOrProbe probe{OwnedBlock(spec.n_in(), samples), std::vector<std::uint32_t>(samples)};
    for (std::size_t i = 0; i < samples; ++i) {
        const std::span<float> drive = probe.drives.sample(i);
        for (std::size_t k = 0; k < drive.size(); ++k) {
            const unsigned levels = spec.inputs[k].levels;
            const bool bit = levels == 2;
            drive[k] =
                bit ? static_cast<float>(random.below(2, samples + 1, k)) : rounded(0.5F, levels);
        }
        const auto place = [&](std::size_t input, bool high, std::uint64_t counter) {
            const float centre = high ? 0.75F : 0.25F;
            const auto shift = static_cast<float>(random.uniform(i, counter) - 0.5) * jitter;
            drive[input] = rounded(centre + shift, spec.inputs[input].levels);
        };
        const bool high_first = (order[i] & 1U) != 0;
        const bool high_second = (order[i] & 2U) != 0;
        place(first, high_first, 0);
        place(second, high_second, 1);
        probe.labels[i] = high_first != high_second ? 1 : 0;
    }
    return probe;
}

} // namespace phyll::training
