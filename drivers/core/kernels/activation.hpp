#pragma once

// What follows a layer's linear map, on registers. Internal to the kernels.

#include "drivers/core/kernels/goodness.hpp"
#include "drivers/core/kernels/vector.hpp"

namespace phyll::kernels {

template <Activation activation>
[[gnu::always_inline]] inline Floats activate(const Floats& z) {
    if constexpr (activation == Activation::abs) {
        return (Floats)((Ints)z & 0x7fffffff);
    } else if constexpr (activation == Activation::relu) {
        return z > 0.0F ? z : Floats{};
    } else {
        return z;
    }
}

/// v times the activation's derivative at z.
template <Activation activation>
[[gnu::always_inline]] inline Floats times_slope(const Floats& v, const Floats& z) {
    if constexpr (activation == Activation::abs) {
        const Floats left = z < 0.0F ? -v : Floats{};
        return z > 0.0F ? v : left;
    } else if constexpr (activation == Activation::relu) {
        return z > 0.0F ? v : Floats{};
    } else {
        return v;
    }
}

} // namespace phyll::kernels
