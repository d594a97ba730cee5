#include "daemon/training/characterise/pairs.hpp"

#include "drivers/core/random.hpp"

#include <algorithm>
#include <set>

namespace phyll::training {
namespace {

constexpr std::size_t pairs_of_a_sort = 5;

std::vector<Pair> random_pairs(std::size_t inputs, std::uint64_t seed) {
    const KeyedRandom random(seed, "random pairs");
    std::vector<Pair> pairs;
    std::set<Pair> drawn;
    const std::size_t most = std::min(pairs_of_a_sort, inputs * (inputs - 1) / 2);
    for (std::uint64_t draw = 0; pairs.size() < most; ++draw) {
        const std::size_t a = random.below(inputs, draw, 0);
        const std::size_t b = (a + 1 + random.below(inputs - 1, draw, 1)) % inputs;
        const Pair pair{.first = std::min(a, b), .second = std::max(a, b)};
        if (drawn.insert(pair).second) {
            pairs.push_back(pair);
        }
    }
    return pairs;
}

std::vector<Pair> adjacent_pairs(std::size_t inputs) {
    std::vector<Pair> pairs;
    const std::size_t most = std::min(pairs_of_a_sort, inputs - 1);
    for (std::size_t p = 0; p < most; ++p) {
        const std::size_t first = most == 1 ? 0 : p * (inputs - 2) / (most - 1);
        pairs.push_back({.first = first, .second = first + 1});
    }
    return pairs;
}

/// Where each of `pairs` is in `distinct`, which takes those that it lacks.
std::vector<std::size_t> entered(const std::vector<Pair>& pairs, std::vector<Pair>& distinct) {
    std::vector<std::size_t> indices;
    for (const Pair& pair : pairs) {
        const auto found = std::ranges::find(distinct, pair);
        indices.push_back(static_cast<std::size_t>(found - distinct.begin()));
        if (found == distinct.end()) {
            distinct.push_back(pair);
        }
    }
    return indices;
}

} // namespace

PairChoice choose_pairs(std::size_t inputs, std::uint64_t seed) {
    PairChoice choice;
    choice.random = entered(random_pairs(inputs, seed), choice.distinct);
    choice.adjacent = entered(adjacent_pairs(inputs), choice.distinct);
    return choice;
}

} // namespace phyll::training
