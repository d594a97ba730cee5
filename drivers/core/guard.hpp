#pragma once

#include "drivers/core/physical_layer.hpp"

#include <memory>

namespace phyll {

/// Throws unless `x` has at least one sample, as many values in each as the rig has inputs, and all
/// of them are drives: INVALID_ARGUMENT (shape, not finite), OUT_OF_RANGE, naming sample, channel
/// and value.
void check_stimuli(const LayerSpec& spec, ConstBlock x);

/// Stands before every rig and lets nothing through that breaks its contract: wrong shapes, drives
/// that are not finite or outside [0, 1], responses that are not finite or outside the spec's
/// range. It rejects, naming sample, channel, value and limit; it never clips. A query that fails
/// for any reason leaves the rig in its safe state.
class Guard final : public PhysicalLayer {
  public:
    explicit Guard(std::unique_ptr<PhysicalLayer> rig);
    ~Guard() override;

    [[nodiscard]] const LayerSpec& spec() const override { return rig_->spec(); }
    /// Beside the rig's own errors: INVALID_ARGUMENT (shape, not finite), OUT_OF_RANGE (drive),
    /// DATA_LOSS (a response that cannot be true).
    void query(ConstBlock x, Block y, const QueryContext& context) override;
    [[nodiscard]] SafeState make_safe() noexcept override { return rig_->make_safe(); }
    [[nodiscard]] Health health() const override { return rig_->health(); }
    void recover(const Deadline& deadline, std::stop_token stop) override;

  private:
    void check_shape(ConstBlock x, Block y, const QueryContext& context) const;
    void check_response(ConstBlock y) const;

    std::unique_ptr<PhysicalLayer> rig_;
};

} // namespace phyll
