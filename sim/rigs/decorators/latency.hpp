#pragma once

#include "sim/rigs/decorators/decorator.hpp"

namespace phyll::sim {

/// Makes a query take the time that the real physics would: the spec's seconds per sample, one
/// sample after the other, on the injected clock. A stop request or the deadline ends it at once.
class Latency final : public Decorator {
  public:
    /// `clock` outlives the layer.
    Latency(std::unique_ptr<PhysicalLayer> inner, const Clock& clock);

    void query(ConstBlock x, Block y, const QueryContext& context) override;

  private:
    const Clock& clock_;
};

} // namespace phyll::sim
