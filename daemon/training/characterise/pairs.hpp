#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace phyll::training {

/// Two inputs; `first` is the lower.
struct Pair {
    std::size_t first;
    std::size_t second;
    friend auto operator<=>(const Pair&, const Pair&) = default;
};

/// Pairs of inputs of two sorts. A rig of few inputs has fewer, and some are of both sorts.
struct PairChoice {
    std::vector<Pair> distinct;        ///< each once
    std::vector<std::size_t> random;   ///< indices into `distinct`; at most five
    std::vector<std::size_t> adjacent; ///< the same
};

/// `inputs` at least 2.
[[nodiscard]] PairChoice choose_pairs(std::size_t inputs, std::uint64_t seed);

} // namespace phyll::training
