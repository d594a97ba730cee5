#pragma once

#include "drivers/core/physical_layer.hpp"

#include <memory>

namespace phyll::sim {

/// A layer around another one that leaves to it whatever it does not override.
class Decorator : public PhysicalLayer {
  public:
    explicit Decorator(std::unique_ptr<PhysicalLayer> inner) : inner_(std::move(inner)) {}

    [[nodiscard]] const LayerSpec& spec() const override { return inner_->spec(); }
    void query(ConstBlock x, Block y, const QueryContext& context) override {
        inner_->query(x, y, context);
    }
    [[nodiscard]] SafeState make_safe() noexcept override { return inner_->make_safe(); }
    [[nodiscard]] Health health() const override { return inner_->health(); }
    void recover(const Deadline& deadline, std::stop_token stop) override {
        inner_->recover(deadline, std::move(stop));
    }

  protected:
    [[nodiscard]] PhysicalLayer& inner() noexcept { return *inner_; }

  private:
    std::unique_ptr<PhysicalLayer> inner_;
};

} // namespace phyll::sim
