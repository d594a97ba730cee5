#include "sim/rigs/decorators/walk.hpp"

#include "drivers/core/random.hpp"

#include <cmath>
#include <numbers>

namespace phyll::sim {
namespace {

constexpr int fastest = -4;
constexpr int slowest = 24;
constexpr double unit = 0.415; // makes the root mean square 1 at t = 1

/// Counters of the draws of a level; phases have their own.
std::uint64_t nodes_of(int level) {
    return static_cast<std::uint64_t>(level - fastest);
}
std::uint64_t phase_of(int level) {
    return nodes_of(level) + 1000;
}

} // namespace

Walk::Walk(std::uint64_t seed, std::uint64_t parameter)
    : key_(KeyedRandom(seed, "drift").bits(parameter)) {}

double Walk::at(double t) const {
    const KeyedRandom random(key_);
    double sum = 0.0;
    for (int level = fastest; level <= slowest; ++level) {
        const double phase = random.uniform(phase_of(level));
        sum += std::exp2(0.5 * level) *
               (wave(level, std::ldexp(t, -level) + phase) - wave(level, phase));
    }
    return unit * sum;
}

double Walk::wave(int level, double place) const {
    const KeyedRandom random(key_);
    const double node = std::floor(place);
    const double u = place - node;
    const double angle = std::numbers::pi / 2 * u * u * (3 - 2 * u);
    const auto index = static_cast<std::uint64_t>(node);
    return random.normal(nodes_of(level), index) * std::cos(angle) +
           random.normal(nodes_of(level), index + 1) * std::sin(angle);
}

} // namespace phyll::sim
