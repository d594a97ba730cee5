#pragma once

#include "drivers/core/physical_layer.hpp"
#include "tests/conformance/virtual_lab.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace phyll::conformance {

/// Where there can be one lab at a time in a process (a camera has one address, and JACK's clients
/// have one server): of several rigs that live at the same time, the one that is asked has the lab,
/// and the others have none.
class InTurn final : public PhysicalLayer {
  public:
    using MakeLab = std::function<std::unique_ptr<VirtualLab>()>;
    /// The lab while nobody has it.
    using Spare = std::shared_ptr<std::unique_ptr<VirtualLab>>;
    [[nodiscard]] static Spare no_lab_yet() {
        return std::make_shared<std::unique_ptr<VirtualLab>>();
    }

    InTurn(MakeLab make, Spare spare, const Clock& clock)
        : make_(std::move(make)), spare_(std::move(spare)), clock_(clock) {
        take();
        spec_ = rig_->spec();
    }
    InTurn(const InTurn&) = delete;
    InTurn& operator=(const InTurn&) = delete;
    ~InTurn() override { leave(); }

    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }
    void query(ConstBlock x, Block y, const QueryContext& context) override {
        take();
        rig_->query(x, y, context);
    }
    [[nodiscard]] SafeState make_safe() noexcept override {
        return rig_ ? rig_->make_safe() : SafeState{};
    }
    [[nodiscard]] Health health() const override { return rig_ ? rig_->health() : Health{}; }
    void recover(const Deadline& deadline, std::stop_token stop) override {
        if (rig_) {
            rig_->recover(deadline, std::move(stop));
        }
    }

  private:
    static InTurn*& holder() {
        static InTurn* one = nullptr;
        return one;
    }
    void take() {
        if (rig_) {
            return;
        }
        if (holder() != nullptr) {
            holder()->leave();
        }
        lab_ = *spare_ ? std::move(*spare_) : make_();
        rig_ = lab_->rig(clock_, !calibration_.has_value());
        if (calibration_) {
            rig_->use(*calibration_);
        } else {
            calibration_ = lab_->calibration();
        }
        holder() = this;
    }
    void leave() {
        if (rig_) {
            CHECK(rig_->make_safe().state == SafeState::State::safe);
            CHECK_FALSE(lab_->output_on());
            rig_.reset();
            *spare_ = std::move(lab_);
            holder() = nullptr;
        }
    }

    const MakeLab make_;
    const Spare spare_;
    const Clock& clock_;
    std::optional<rigs::Calibration> calibration_;
    std::unique_ptr<VirtualLab> lab_;
    std::unique_ptr<rigs::InstrumentRig> rig_;
    LayerSpec spec_;
};

} // namespace phyll::conformance
