#pragma once

#include "drivers/core/aligned_floats.hpp"
#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace phyll::sim {

/// y = W2 tanh(W1 x + b1) + b2, with n inputs, h hidden units and m outputs.
struct TwinWeights {
    TwinWeights(std::size_t inputs, std::size_t hidden, std::size_t outputs)
        : w1(inputs, hidden), b1(hidden), w2(hidden, outputs), b2(outputs) {}

    [[nodiscard]] std::size_t inputs() const noexcept { return w1.channels(); }
    [[nodiscard]] std::size_t hidden() const noexcept { return b1.size(); }
    [[nodiscard]] std::size_t outputs() const noexcept { return b2.size(); }

    OwnedBlock w1; ///< n x h: each unit's weights are consecutive
    std::vector<float> b1;
    OwnedBlock w2; ///< h x m: each output's weights are consecutive
    std::vector<float> b2;
};

/// Samples that the network computes side by side; a tile that is not full is padded, so that the
/// bits of a sample's answer do not depend on its neighbours.
inline constexpr std::size_t twin_tile = 64;

/// A network ready to be computed. Thread rule: any thread, several at a time.
class TwinNetwork {
  public:
    explicit TwinNetwork(const TwinWeights& weights);

    [[nodiscard]] std::size_t inputs() const noexcept { return inputs_; }
    [[nodiscard]] std::size_t hidden() const noexcept { return b1_.size(); }
    [[nodiscard]] std::size_t outputs() const noexcept { return b2_.size(); }

    /// Of one full tile: `x` is n x twin_tile, `h` h x twin_tile (the units' values), `y` m x
    /// twin_tile. `h` begins at an address that is a multiple of 64.
    void compute(ConstBlock x, Block h, Block y) const;

    /// Of any number of samples, in padded tiles.
    void respond(ConstBlock x, Block y) const;

  private:
    std::size_t inputs_;
    AlignedFloats w1_; ///< packed for products
    std::vector<float> b1_;
    AlignedFloats w2_;
    std::vector<float> b2_;
};

} // namespace phyll::sim
