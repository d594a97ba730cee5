#include "drivers/core/random.hpp"

#include <Random123/philox.h>

#include <cmath>
#include <numbers>

namespace phyll {
namespace {

struct Draw {
    std::uint64_t low;
    std::uint64_t high;
};

Draw philox(std::uint64_t key, std::uint64_t a, std::uint64_t b) {
    using Philox = r123::Philox4x32;
    const auto word = [](std::uint64_t value, int index) {
        return static_cast<std::uint32_t>(value >> (32 * index));
    };
    const Philox::ctr_type counter{{word(a, 0), word(a, 1), word(b, 0), word(b, 1)}};
    const Philox::key_type keys{{word(key, 0), word(key, 1)}};
    const Philox::ctr_type out = Philox{}(counter, keys);
    return {static_cast<std::uint64_t>(out[1]) << 32U | out[0],
            static_cast<std::uint64_t>(out[3]) << 32U | out[2]};
}

double unit_interval(std::uint64_t bits) {
    return static_cast<double>(bits >> 11U) * 0x1p-53;
}

} // namespace

std::uint64_t derive_key(std::uint64_t seed, std::string_view text) {
    // FNV-1a over the text, then one Philox round trip keyed by the seed to mix both.
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    }
    return philox(seed, hash, text.size()).low;
}

KeyedRandom::KeyedRandom(std::uint64_t seed, std::string_view purpose)
    : key_(derive_key(seed, purpose)) {}

std::uint64_t KeyedRandom::bits(std::uint64_t a, std::uint64_t b) const {
    return philox(key_, a, b).low;
}

double KeyedRandom::uniform(std::uint64_t a, std::uint64_t b) const {
    return unit_interval(philox(key_, a, b).low);
}

std::pair<double, double> KeyedRandom::normal_pair(std::uint64_t a, std::uint64_t b) const {
    // Box-Muller; 1 - u keeps the logarithm's argument in (0, 1].
    const Draw draw = philox(key_, a, b);
    const double radius = std::sqrt(-2.0 * std::log(1.0 - unit_interval(draw.low)));
    const double angle = 2.0 * std::numbers::pi * unit_interval(draw.high);
    return {radius * std::cos(angle), radius * std::sin(angle)};
}

double KeyedRandom::normal(std::uint64_t a, std::uint64_t b) const {
    return normal_pair(a, b).first;
}

std::uint64_t KeyedRandom::below(std::uint64_t n, std::uint64_t a, std::uint64_t b) const {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>(bits(a, b)) * n) >> 64U);
}

void KeyedRandom::shuffle(std::span<std::uint32_t> indices, std::uint64_t a) const {
    for (std::size_t i = indices.size(); i > 1; --i) {
        std::swap(indices[i - 1], indices[below(i, a, indices.size() - i)]);
    }
}

} // namespace phyll
