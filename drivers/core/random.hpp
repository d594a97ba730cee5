#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace phyll {

/// Random numbers without state: a draw is a function of a key and a counter and nothing else, so
/// that the order, batching or repetition of draws changes none of them. Philox4x32-10 (Salmon et
/// al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), from the Random123 library.
class KeyedRandom {
  public:
    /// A stream of draws; streams of different (seed, purpose) are independent.
    KeyedRandom(std::uint64_t seed, std::string_view purpose);
    explicit KeyedRandom(std::uint64_t key) : key_(key) {}

    [[nodiscard]] std::uint64_t key() const noexcept { return key_; }

    /// 64 uniform bits at counter (a, b).
    [[nodiscard]] std::uint64_t bits(std::uint64_t a, std::uint64_t b = 0) const;
    /// Uniform in [0, 1), a multiple of 2^-53.
    [[nodiscard]] double uniform(std::uint64_t a, std::uint64_t b = 0) const;
    /// Standard normal.
    [[nodiscard]] double normal(std::uint64_t a, std::uint64_t b = 0) const;
    /// Two independent standard normals at the price of one.
    [[nodiscard]] std::pair<double, double> normal_pair(std::uint64_t a, std::uint64_t b = 0) const;
    /// Uniform in {0, ..., n - 1}; n at least 1. Unbiased to 2^-64 n.
    [[nodiscard]] std::uint64_t below(std::uint64_t n, std::uint64_t a, std::uint64_t b = 0) const;
    /// Shuffles `indices` in place (Fisher-Yates); draws at counters (a, 0), (a, 1), ...
    void shuffle(std::span<std::uint32_t> indices, std::uint64_t a) const;

  private:
    std::uint64_t key_;
};

/// A 64-bit key that is a fixed function of a seed and a text, on every machine.
[[nodiscard]] std::uint64_t derive_key(std::uint64_t seed, std::string_view text);

} // namespace phyll
