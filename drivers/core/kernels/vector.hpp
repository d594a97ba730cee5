#pragma once

// Registers of the level that is compiled for. Internal to the kernels: no library code, since a
// weak symbol of one level must never serve another.

#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace phyll::kernels {

#if defined(__AVX512F__)
inline constexpr std::size_t register_bytes = 64;
#elif defined(__AVX__)
inline constexpr std::size_t register_bytes = 32;
#else
inline constexpr std::size_t register_bytes = 16;
#endif
inline constexpr std::size_t lanes = register_bytes / sizeof(float);

using Floats [[gnu::vector_size(register_bytes)]] = float;
using Ints [[gnu::vector_size(register_bytes)]] = std::int32_t;
using Words [[gnu::vector_size(register_bytes)]] = std::uint32_t;

[[gnu::always_inline]] inline Floats load(const float* from) {
    Floats v;
    __builtin_memcpy(&v, from, sizeof v);
    return v;
}

[[gnu::always_inline]] inline void store(const Floats& v, float* to) {
    __builtin_memcpy(to, &v, sizeof v);
}

#if defined(__AVX512F__)
[[gnu::always_inline]] inline __mmask16 first_lanes(std::size_t count) {
    return static_cast<__mmask16>((1U << count) - 1U);
}
#elif defined(__AVX__)
[[gnu::always_inline]] inline __m256i first_lanes(std::size_t count) {
    static constexpr std::int32_t edge[2 * lanes] = {-1, -1, -1, -1, -1, -1, -1, -1};
    __m256i mask;
    __builtin_memcpy(&mask, edge + lanes - count, sizeof mask);
    return mask;
}
#endif

/// The first `count` lanes from memory, at most all; zero in the others.
[[gnu::always_inline]] inline Floats load_some(const float* from, std::size_t count) {
    if (count >= lanes) {
        return load(from);
    }
#if defined(__AVX512F__)
    return (Floats)_mm512_maskz_loadu_ps(first_lanes(count), from);
#elif defined(__AVX__)
    return (Floats)_mm256_maskload_ps(from, first_lanes(count));
#else
    float padded[lanes] = {};
    for (std::size_t i = 0; i < count; ++i) {
        padded[i] = from[i];
    }
    return load(padded);
#endif
}

/// The first `count` lanes to memory, at most all.
[[gnu::always_inline]] inline void store_some(const Floats& v, float* to, std::size_t count) {
    if (count >= lanes) {
        store(v, to);
        return;
    }
#if defined(__AVX512F__)
    _mm512_mask_storeu_ps(to, first_lanes(count), (__m512)v);
#elif defined(__AVX__)
    _mm256_maskstore_ps(to, first_lanes(count), (__m256)v);
#else
    for (std::size_t i = 0; i < count; ++i) {
        to[i] = v[i];
    }
#endif
}

[[gnu::always_inline]] inline Floats square_root(const Floats& v) {
#if defined(__AVX512F__)
    return (Floats)_mm512_maskz_sqrt_ps(0xffffU, (__m512)v);
#elif defined(__AVX__)
    return (Floats)_mm256_sqrt_ps((__m256)v);
#elif defined(__SSE2__)
    return (Floats)_mm_sqrt_ps((__m128)v);
#else
    Floats root;
    for (std::size_t i = 0; i < lanes; ++i) {
        root[i] = __builtin_sqrtf(v[i]);
    }
    return root;
#endif
}

/// The sum of all lanes: halves are added, then their halves, and so on.
[[gnu::always_inline]] inline float sum_of_lanes(const Floats& v) {
    float part[lanes];
    store(v, part);
    for (std::size_t half = lanes / 2; half > 0; half /= 2) {
        for (std::size_t i = 0; i < half; ++i) {
            part[i] += part[i + half];
        }
    }
    return part[0];
}

} // namespace phyll::kernels
