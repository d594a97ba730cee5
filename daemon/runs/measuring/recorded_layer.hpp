#pragma once

#include "drivers/core/physical_layer.hpp"

#include <string>

namespace phyll::runs {

/// Stands for a rig whose answers are all in the journal: nothing is ever asked of it. Where
/// something is, the journal lacks it, and the query throws NOT_FOUND saying what.
class RecordedLayer final : public PhysicalLayer {
  public:
    /// `spec` of the rig that was measured; `what` its answers are a recording of: "run 3".
    RecordedLayer(std::string rig, LayerSpec spec, std::string what);

    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }
    void query(ConstBlock x, Block y, const QueryContext& context) override;
    [[nodiscard]] SafeState make_safe() noexcept override { return {}; }
    [[nodiscard]] Health health() const override { return {}; }
    void recover(const Deadline&, std::stop_token) override {}

  private:
    std::string rig_;
    LayerSpec spec_;
    std::string what_;
};

} // namespace phyll::runs
