#include "drivers/core/kernels/within.hpp"

#include "drivers/core/kernels/vector.hpp"

namespace phyll::kernels {
namespace {

[[gnu::always_inline]] inline Ints outside(const Floats& v, const Floats& low, const Floats& high) {
    return ~((v >= low) & (v <= high));
}

[[gnu::always_inline]] inline bool is_outside(float value, float low, float high) {
    return !(value >= low && value <= high);
}

[[gnu::always_inline]] inline bool any(const Ints& v) {
    std::int32_t lane[lanes];
    __builtin_memcpy(lane, &v, sizeof lane);
    std::int32_t all = 0;
    for (std::size_t i = 0; i < lanes; ++i) {
        all |= lane[i];
    }
    return all != 0;
}

} // namespace

int phyll_within(const float* values, std::size_t count, float low, float high) {
    const Floats lows = low - Floats{};
    const Floats highs = high - Floats{};
    Ints found{};
    std::size_t i = 0;
    for (; i + 4 * lanes <= count; i += 4 * lanes) {
        found |= outside(load(values + i), lows, highs) |
                 outside(load(values + i + lanes), lows, highs) |
                 outside(load(values + i + 2 * lanes), lows, highs) |
                 outside(load(values + i + 3 * lanes), lows, highs);
    }
    bool bad = any(found);
    for (; i < count; ++i) {
        bad |= is_outside(values[i], low, high);
    }
    return bad ? 0 : 1;
}

int phyll_channels_within(const float* values, std::size_t channels, std::size_t samples,
                          const float* low, const float* high) {
    Ints found{};
    bool bad = false;
    for (std::size_t s = 0; s < samples; ++s) {
        const float* sample = values + s * channels;
        std::size_t k = 0;
        for (; k + lanes <= channels; k += lanes) {
            found |= outside(load(sample + k), load(low + k), load(high + k));
        }
        for (; k < channels; ++k) {
            bad |= is_outside(sample[k], low[k], high[k]);
        }
    }
    return bad || any(found) ? 0 : 1;
}

} // namespace phyll::kernels
