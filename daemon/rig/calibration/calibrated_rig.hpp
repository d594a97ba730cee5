#pragma once

#include "daemon/rig/calibration/calibration_book.hpp"
#include "daemon/rig/made_rig.hpp"
#include "drivers/rigs/instrument_rig.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace phyll::rig {

/// A rig of instruments that measures only with a calibration that is its own.
///
/// Whether that is so is decided with the first query after it was made safe, as after a fault,
/// when its instruments are known: what is under way is not cut off because a calibration turns
/// stale.
class CalibratedRig final : public PhysicalLayer, public InstrumentControls {
  public:
    /// `max_batch` bounds the batch further than the rig itself does; 0: it does not.
    CalibratedRig(std::unique_ptr<rigs::InstrumentRig> rig, std::shared_ptr<CalibrationBook> book,
                  std::size_t max_batch);

    /// What it is evidence of changes when other instruments are found; the reference stays.
    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }
    /// Beside what the rig throws: FAILED_PRECONDITION where it is not calibrated, and has to be.
    void query(ConstBlock x, Block y, const QueryContext& context) override;
    [[nodiscard]] SafeState make_safe() noexcept override;
    /// That of the rig; degraded while its calibration is not valid.
    [[nodiscard]] Health health() const override;
    void recover(const Deadline& deadline, std::stop_token stop) override;

    void calibrate(const rigs::Patience& patience) override;
    [[nodiscard]] rigs::Snapshot snapshot(const rigs::View& view,
                                          const rigs::Patience& patience) override {
        return rig_->snapshot(view, patience);
    }
    void jog(const rigs::Pose& pose, Seconds duration, const rigs::Patience& patience) override {
        rig_->jog(pose, duration, patience);
    }
    [[nodiscard]] std::vector<instruments::Instrument*> instruments() override {
        return rig_->instruments();
    }
    [[nodiscard]] std::shared_ptr<const CalibrationBook> calibration() const override {
        return book_;
    }

  private:
    /// Takes up the calibration to measure with, or throws.
    void settle(const rigs::Patience& patience);
    /// Reaches every instrument, or throws UNAVAILABLE and is in fault.
    void reach(const rigs::Patience& patience);
    /// Sees what the rig is made of now.
    void look();

    const std::unique_ptr<rigs::InstrumentRig> rig_;
    const std::shared_ptr<CalibrationBook> book_;
    const std::size_t max_batch_;
    LayerSpec spec_;
    bool settled_ = false;
    std::string unreached_; ///< why an instrument was not reached last
};

} // namespace phyll::rig
