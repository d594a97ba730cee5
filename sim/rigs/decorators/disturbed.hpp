#pragma once

#include "sim/rigs/decorators/disturbance.hpp"
#include "sim/rigs/decorators/faults.hpp"
#include "sim/rigs/simulated_rig.hpp"

#include <memory>
#include <stop_token>
#include <vector>

namespace phyll::sim {

/// What befalls a simulated rig; by default nothing.
struct Disturbances {
    /// Gaussian noise, as a share of each output's standard deviation on the nominal device over
    /// 256 uniformly random stimuli.
    double noise = 0.0;
    /// The device is displaced until its responses correlate with the nominal ones by 1 - perturb.
    double perturb = 0.0;
    /// Samples in which drift moves the device by the amount of perturb = 0.05; 0: no drift.
    double drift_samples = 0.0;
    /// A query takes the time that the real physics would.
    bool latency = false;
    std::vector<FaultPlan> faults{};
    /// A request on it ends queries that are stuck; without it nothing does.
    // NOLINTNEXTLINE(readability-redundant-member-init): or g++ wants it in every initialiser
    std::stop_token let_go{};
};

/// A simulated rig with all that befalls it, now and later.
class DisturbedRig final : public Decorator {
  public:
    /// The two are in `layer`.
    DisturbedRig(std::unique_ptr<PhysicalLayer> layer, Disturbance& disturbance, Faults& faults)
        : Decorator(std::move(layer)), disturbance_(disturbance), faults_(faults) {}

    /// See Disturbance and Faults.
    double perturb(double fraction) { return disturbance_.perturb(fraction); }
    [[nodiscard]] double perturbation() const noexcept { return disturbance_.fraction(); }
    void inject(const FaultPlan& plan) { faults_.inject(plan); }

  private:
    Disturbance& disturbance_;
    Faults& faults_;
};

/// The rig as the daemon uses it: the simulation, with a deadline and times on `clock` (which
/// outlives it), and with what is asked for around it. From the inside: displacement and drift,
/// time, noise, latency, faults. Throws FAILED_PRECONDITION when `perturb`, or the 0.05 that
/// measures drift, cannot be reached on this device, INVALID_ARGUMENT when a number cannot be.
[[nodiscard]] std::unique_ptr<DisturbedRig> disturbed(std::unique_ptr<SimulatedRig> rig,
                                                      const Disturbances& disturbances,
                                                      const RigSite& site, const Clock& clock);

} // namespace phyll::sim
