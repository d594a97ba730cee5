#pragma once

#include "drivers/core/physical_layer.hpp"
#include "drivers/instruments/instrument.hpp"
#include "drivers/rigs/instrument_rig.hpp"

#include <phyll/v1/config.pb.h>

#include <concepts>
#include <memory>
#include <utility>
#include <vector>

namespace phyll::rig {

/// What can be done to a simulated rig while it lives. Thread rule: that of the layer.
class SimulationControls {
  public:
    SimulationControls() = default;
    SimulationControls(const SimulationControls&) = delete;
    SimulationControls& operator=(const SimulationControls&) = delete;
    virtual ~SimulationControls() = default;

    /// From here on the rig answers as one that was configured with `perturb` = fraction, to the
    /// bit; 0 is the nominal device. Returns by how much it is displaced, in the rig's own steps.
    /// Takes minutes on a slow rig, the first time that a fraction is asked for. Throws
    /// INVALID_ARGUMENT, or FAILED_PRECONDITION naming the largest fraction that can be reached;
    /// nothing has changed then.
    virtual double perturb(double fraction) = 0;
    /// The fraction in force.
    [[nodiscard]] virtual double perturbation() const = 0;

    /// Plans a fault, whose `at_query` is counted from the query that comes next; a count of 0 is
    /// as 1. Throws INVALID_ARGUMENT for a kind that does not exist.
    virtual void inject(const v1::FaultConfig& fault) = 0;
};

class CalibrationBook;

/// What can be done to a rig of instruments beside asking it. Thread rule: that of the layer, but
/// for `status`, `shut` and `log` of each instrument.
class InstrumentControls {
  public:
    InstrumentControls() = default;
    InstrumentControls(const InstrumentControls&) = delete;
    InstrumentControls& operator=(const InstrumentControls&) = delete;
    virtual ~InstrumentControls() = default;

    /// Measures the rig anew and keeps that. Throws as `query` does, and what cannot be kept; the
    /// calibration of before stays then.
    virtual void calibrate(const instruments::Patience& patience) = 0;
    /// See InstrumentRig.
    [[nodiscard]] virtual rigs::Snapshot snapshot(const rigs::View& view,
                                                  const instruments::Patience& patience) = 0;
    /// See InstrumentRig.
    virtual void jog(const rigs::Pose& pose, Seconds duration,
                     const instruments::Patience& patience) = 0;
    /// As many as the rig has, always in the same order; they live as long as the layer.
    [[nodiscard]] virtual std::vector<instruments::Instrument*> instruments() = 0;
    [[nodiscard]] virtual std::shared_ptr<const CalibrationBook> calibration() const = 0;
};

/// A rig and, of a simulation or of one of instruments, what can be done to it.
struct MadeRig {
    /// Of a rig to which nothing can be done.
    template <std::derived_from<PhysicalLayer> Layer>
    MadeRig(std::unique_ptr<Layer> made) // NOLINT(google-explicit-constructor)
        : layer(std::move(made)) {}
    MadeRig(std::unique_ptr<PhysicalLayer> made, std::unique_ptr<SimulationControls> what)
        : layer(std::move(made)), controls(std::move(what)) {}
    /// `what` belongs to `made`.
    MadeRig(std::unique_ptr<PhysicalLayer> made, InstrumentControls& what)
        : layer(std::move(made)), instruments(&what) {}

    std::unique_ptr<PhysicalLayer> layer;
    std::unique_ptr<SimulationControls> controls; ///< of `layer`; null: it is no simulation
    InstrumentControls* instruments = nullptr;    ///< part of `layer`; null: it has none
};

} // namespace phyll::rig
