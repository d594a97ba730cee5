#pragma once

#include "sim/rigs/decorators/decorator.hpp"

#include <cstdint>
#include <vector>

namespace phyll::sim {

/// Adds Gaussian noise that is a function of (seed, key, number, output) and of nothing else: the
/// same number has the same noise in any batch, on any thread, after any restart.
///
/// The noise may push a response out of the range that the physics keeps to (an amplitude below
/// zero). The spec's ranges are therefore widened by 9 standard deviations of the noise on both
/// sides, more than the generator ever draws (`KeyedRandom::normal` is bounded by 8.6): a guard
/// never rejects what is only noise. Responses no longer lie on the steps of an instrument: they
/// are stored as floats, whatever the layer below gives.
class Noise final : public Decorator {
  public:
    /// `deviations[k]` is the noise's standard deviation on output k, in the output's unit.
    Noise(std::unique_ptr<PhysicalLayer> inner, std::vector<double> deviations, std::uint64_t seed);

    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }
    void query(ConstBlock x, Block y, const QueryContext& context) override;

  private:
    std::vector<double> deviations_;
    std::uint64_t seed_;
    LayerSpec spec_;
};

} // namespace phyll::sim
