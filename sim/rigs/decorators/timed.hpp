#pragma once

#include "sim/rigs/decorators/decorator.hpp"

namespace phyll::sim {

/// Gives a simulation, which knows no clock, what the contract asks for in time: the deadline is
/// looked at every `slice` samples, and each sample is given the real start and end of the slice
/// that it was computed in.
class Timed final : public Decorator {
  public:
    /// `slice` at least 1; `clock` outlives the layer.
    Timed(std::unique_ptr<PhysicalLayer> inner, const Clock& clock, std::size_t slice);

    void query(ConstBlock x, Block y, const QueryContext& context) override;

  private:
    const Clock& clock_;
    std::size_t slice_;
};

} // namespace phyll::sim
