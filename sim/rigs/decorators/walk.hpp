#pragma once

#include <cstdint>

namespace phyll::sim {

/// A smooth random walk that needs no history: its place at any time is computed from the seed
/// alone. It starts at 0; its root mean square at t = 1/16, 1/4, 1, 4, 16 is 0.21, 0.48, 1, 2.04,
/// 4.07, as the square root of time in between its fastest and slowest wave.
///
/// W(t) = 0.415 sum over l = -4..24 of 2^(l/2) (n_l(t/2^l + phi_l) - n_l(phi_l)), where n_l turns
/// smoothly from one keyed normal number to the next.
class Walk {
  public:
    /// Walks of different (seed, parameter) are independent.
    Walk(std::uint64_t seed, std::uint64_t parameter);

    /// `t` at least 0.
    [[nodiscard]] double at(double t) const;

  private:
    [[nodiscard]] double wave(int level, double place) const;

    std::uint64_t key_;
};

} // namespace phyll::sim
