#pragma once

#include <cstddef>

// Vectors of the widest registers that a kernel's instruction set has. Everything here has internal
// linkage and uses no library code: kernels are compiled for several instruction sets, and a weak
// symbol of one must never serve another. For files of sim/physics/kernels only.
namespace phyll::physics::kernels {
namespace { // NOLINT(google-build-namespaces): see above

#if defined(__AVX512F__)
constexpr std::size_t register_bytes = 64;
#elif defined(__AVX__)
constexpr std::size_t register_bytes = 32;
#else
constexpr std::size_t register_bytes = 16;
#endif

template <class Real>
struct VectorOf {
    using Type [[gnu::vector_size(register_bytes)]] = Real;
};
template <class Real>
using Vector = typename VectorOf<Real>::Type;
template <class Real>
using Mask = decltype(Vector<Real>{} < Vector<Real>{});

template <class Real>
constexpr std::size_t width = register_bytes / sizeof(Real);

template <class V>
[[gnu::always_inline]] inline V absolute(const V& value) {
    return value < 0 ? -value : value;
}

template <class M>
[[gnu::always_inline]] inline bool any(const M& mask) {
    using Words [[gnu::vector_size(register_bytes)]] = long long;
    const auto words = __builtin_bit_cast(Words, mask);
    long long all = 0;
    for (std::size_t i = 0; i < register_bytes / sizeof(long long); ++i) {
        all |= words[i];
    }
    return all != 0;
}

} // namespace
} // namespace phyll::physics::kernels
