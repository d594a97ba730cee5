#pragma once

#include "drivers/core/physical_layer.hpp"

#include <cstdint>
#include <vector>

namespace phyll {
class Workers;
} // namespace phyll

namespace phyll::training {

/// A rig that is none: fixed random features, computed digitally, in the place of a rig of the same
/// shape. y = tanh(W (2 x - 1) + b), the entries of W normal with variance 2 / n_in, those of b
/// normal with variance 1/4, so that uniform drives use the bend of the tanh. What a network
/// reaches on these it owes to a random nonlinear expansion as such, and not to the physics.
class RandomFeatures final : public PhysicalLayer {
  public:
    /// Of the shape of `rig`; `seed` fixes W and b. `workers` share the work of a query; null: its
    /// caller's thread alone.
    RandomFeatures(const LayerSpec& rig, std::uint64_t seed, Workers* workers = nullptr);

    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }
    void query(ConstBlock x, Block y, const QueryContext& context) override;
    [[nodiscard]] SafeState make_safe() noexcept override { return {}; }
    [[nodiscard]] Health health() const override { return {}; }
    void recover(const Deadline&, std::stop_token) override {}

  private:
    LayerSpec spec_;
    Workers* workers_;
    OwnedBlock weights_; ///< n_in x n_out
    std::vector<float> bias_;
};

} // namespace phyll::training
