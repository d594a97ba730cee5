#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/rigs/instrument_rig.hpp"

#include <phyll/v1/rig.pb.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace phyll::rig {

/// A calibration with when and by what it was made.
struct KeptCalibration {
    rigs::Calibration calibration;
    double time = 0.0;   ///< seconds since 1970, UTC
    std::string version; ///< of the daemon that made it
};

/// Where calibrations outlive the daemon. Thread rule: all members may be called from any thread.
class CalibrationStore {
  public:
    CalibrationStore() = default;
    CalibrationStore(const CalibrationStore&) = delete;
    CalibrationStore& operator=(const CalibrationStore&) = delete;
    virtual ~CalibrationStore() = default;

    /// Nothing where the rig has none. Throws DATA_LOSS where what is kept cannot be read.
    [[nodiscard]] virtual std::optional<KeptCalibration> load(const std::string& rig) const = 0;
    /// Throws RESOURCE_EXHAUSTED on a full disk, UNAVAILABLE otherwise; what was kept before stays.
    virtual void save(const std::string& rig, const KeptCalibration& calibration) = 0;
};

/// What is known of the calibration of one rig, and whether the rig may measure with it.
///
/// Thread rule: all members may be called from any thread.
class CalibrationBook {
  public:
    struct Rules {
        std::string rig;
        bool allow = false;  ///< the rig measures without a valid calibration, too
        Seconds longest{};   ///< an older calibration is stale
        std::string version; ///< of this daemon
    };

    /// Opens with what `store` has; without a store nothing outlives the book. The clock outlives
    /// it.
    CalibrationBook(Rules rules, std::shared_ptr<CalibrationStore> store, const Clock& clock);

    /// The instruments that the rig is made of now, in its order, and its settings; one that was
    /// not reached yet is not known and decides nothing.
    void found(std::vector<instruments::Identity> instruments, std::string settings);
    /// Keeps what was just measured. Throws what the store throws; nothing has changed then.
    void keep(const rigs::Calibration& calibration);

    [[nodiscard]] v1::Calibration::State state() const;
    /// Why the calibration is not valid; empty: it is.
    [[nodiscard]] std::string reason() const;
    /// Why the rig measures nothing, and what to do; empty: it measures.
    [[nodiscard]] std::string refusal() const;
    /// What the rig measures with, when it does: what is kept, unless that is of other instruments.
    [[nodiscard]] std::optional<rigs::Calibration> to_use() const;
    [[nodiscard]] v1::Calibration to_wire() const;

  private:
    struct Verdict {
        v1::Calibration::State state = v1::Calibration::VALID;
        std::string reason;
    };

    [[nodiscard]] double now() const;
    /// With the mutex held.
    [[nodiscard]] Verdict judge() const;

    const Rules rules_;
    const std::shared_ptr<CalibrationStore> store_;
    const Clock& clock_;

    mutable std::mutex mutex_;
    std::optional<KeptCalibration> kept_;
    std::string unreadable_; ///< why what is kept cannot be read
    std::vector<instruments::Identity> found_;
    std::string settings_;
};

/// "valid, of 2026-11-28T18:03:52Z by phylld 0.1.0: latency 2.35e-06 s, scale 1.001, ...", to be
/// kept with what was measured under it.
[[nodiscard]] std::string in_words(const v1::Calibration& calibration);

} // namespace phyll::rig
