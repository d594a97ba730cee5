#include "drivers/core/kernels/normal.hpp"

#include "drivers/core/kernels/pack.hpp"
#include "drivers/core/kernels/vector.hpp"

namespace phyll::kernels {
namespace {

constexpr std::size_t counters = 16; ///< that are worked on side by side, at every level
constexpr std::size_t words = 4;     ///< that Philox makes of each

/// 32-bit words in 64-bit lanes, as products want them.
using Wide [[gnu::vector_size(register_bytes)]] = std::uint64_t;
constexpr std::size_t wide_lanes = register_bytes / sizeof(std::uint64_t);
static_assert(counters % wide_lanes == 0 && counters % lanes == 0);

/// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
[[gnu::always_inline]] inline void philox(Wide (&word)[words], std::uint64_t key) {
    constexpr std::uint64_t low = 0xffffffffU;
    std::uint64_t key_0 = key & low;
    std::uint64_t key_1 = key >> 32U;
    for (int round = 0; round < 10; ++round) {
        const Wide product_0 = word[0] * 0xD2511F53U;
        const Wide product_1 = word[2] * 0xCD9E8D57U;
        word[0] = (product_1 >> 32U) ^ word[1] ^ key_0;
        word[1] = product_1 & low;
        word[2] = (product_0 >> 32U) ^ word[3] ^ key_1;
        word[3] = product_0 & low;
        key_0 = (key_0 + 0x9E3779B9U) & low;
        key_1 = (key_1 + 0xBB67AE85U) & low;
    }
}

/// word[w][i] is word w at the counter (row, first + i).
void draw(std::uint64_t key, std::uint64_t row, std::uint64_t first,
          std::uint32_t (&word)[words][counters]) {
    constexpr std::uint64_t low = 0xffffffffU;
    for (std::size_t part = 0; part < counters; part += wide_lanes) {
        Wide counter{};
        for (std::size_t i = 0; i < wide_lanes; ++i) {
            counter[i] = first + part + i;
        }
        Wide state[words] = {Wide{} + (row & low), Wide{} + (row >> 32U), counter & low,
                             counter >> 32U};
        philox(state, key);
        for (std::size_t w = 0; w < words; ++w) {
            using Half [[gnu::vector_size(register_bytes / 2)]] = std::uint32_t;
            const Half half = __builtin_convertvector(state[w], Half);
            __builtin_memcpy(&word[w][part], &half, sizeof half);
        }
    }
}

/// -2 ln of a uniform number in (0, 1], made of the upper 31 bits. The polynomial is that of
/// Cephes' logf, good to float's precision.
[[gnu::always_inline]] inline Floats square_of_radius(const Words& bits) {
    const Ints positive = (Ints)(bits >> 1U);
    const Floats u = __builtin_convertvector(positive, Floats) * 0x1p-31F + 0x1p-32F;
    constexpr std::int32_t root_half = 0x3f3504f3;
    const Ints exponent = ((Ints)u - root_half) >> 23;
    const Floats x = (Floats)((Ints)u - (exponent << 23)) - 1.0F;
    const Floats e = __builtin_convertvector(exponent, Floats);
    const Floats z = x * x;
    Floats y = 7.0376836292e-2F * x - 1.1514610310e-1F;
    y = y * x + 1.1676998740e-1F;
    y = y * x - 1.2420140846e-1F;
    y = y * x + 1.4249322787e-1F;
    y = y * x - 1.6668057665e-1F;
    y = y * x + 2.0000714765e-1F;
    y = y * x - 2.4999993993e-1F;
    y = y * x + 3.3333331174e-1F;
    y = y * x * z + e * -2.12194440e-4F - 0.5F * z;
    const Floats square = -2.0F * (x + y + e * 0.693359375F);
    return square > 0.0F ? square : Floats{};
}

/// Cosine and sine of a uniform angle: the upper two bits are the quadrant, the others the place in
/// it. The polynomials are those of Cephes' sinf and cosf.
[[gnu::always_inline]] inline void turn(const Words& bits, Floats& cosine, Floats& sine) {
    constexpr float quarter_pi = 0.785398163397448F;
    const Floats x = __builtin_convertvector((Ints)(bits << 2U), Floats) * (0x1p-31F * quarter_pi);
    const Floats z = x * x;
    Floats s = -1.9515295891e-4F * z + 8.3321608736e-3F;
    s = (s * z - 1.6666654611e-1F) * z * x + x;
    Floats c = 2.443315711809948e-5F * z - 1.388731625493765e-3F;
    c = (c * z + 4.166664568298827e-2F) * z * z - 0.5F * z + 1.0F;
    // A quarter turn makes (c, s) into (-s, c).
    const Ints quadrant = (Ints)(bits >> 30U);
    const Ints odd = (quadrant & 1) == 1;
    const Ints minus_sine = ((quadrant >> 1) & 1) << 31;
    const Ints minus_cosine = (((quadrant + 1) >> 1) & 1) << 31;
    cosine = (Floats)((Ints)(odd ? s : c) ^ minus_cosine);
    sine = (Floats)((Ints)(odd ? c : s) ^ minus_sine);
}

[[gnu::always_inline]] inline Words load_words(const std::uint32_t* from) {
    Words v;
    __builtin_memcpy(&v, from, sizeof v);
    return v;
}

} // namespace

void phyll_normals(std::uint64_t key, std::uint64_t row, std::size_t first, std::size_t count,
                   float* numbers) {
    for (std::size_t done = 0; done < count; done += words * counters) {
        std::uint32_t word[words][counters];
        draw(key, row, (first + done) / words, word);
        float block[words][counters];
        for (std::size_t pair = 0; pair < words; pair += 2) {
            for (std::size_t i = 0; i < counters; i += lanes) {
                const Floats radius = square_root(square_of_radius(load_words(&word[pair][i])));
                Floats cosine;
                Floats sine;
                turn(load_words(&word[pair + 1][i]), cosine, sine);
                store(radius * cosine, &block[pair][i]);
                store(radius * sine, &block[pair + 1][i]);
            }
        }
        __builtin_memcpy(numbers + done, block,
                         smaller(words * counters, count - done) * sizeof(float));
    }
}

} // namespace phyll::kernels
