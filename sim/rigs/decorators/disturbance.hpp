#pragma once

#include "sim/rigs/decorators/decorator.hpp"
#include "sim/rigs/decorators/probe.hpp"
#include "sim/rigs/decorators/walk.hpp"
#include "sim/rigs/simulated_rig.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace phyll::sim {

/// How far a device was displaced, and what that did to its responses.
struct Perturbation {
    double amount = 0.0; ///< in the rig's own steps, along the seeded direction
    Probe::Shift shift;
};

/// Finds the smallest displacement along the direction that the seed fixes at which the responses'
/// correlation with the nominal ones falls to 1 - f, to 1e-4. The rig is nominal before; where it
/// is afterwards is not defined. Throws FAILED_PRECONDITION saying what is the largest f that can
/// be reached, when this one cannot.
[[nodiscard]] Perturbation find_perturbation(SimulatedRig& nominal, const Probe& probe, double f,
                                             std::uint64_t seed);

/// Moves the physics of a simulated rig, not the numbers that come out of it: by a displacement
/// that is there from the start (`perturb`), and by a slow random walk of every parameter with the
/// device's age (`drift_samples`).
///
/// After drift_samples samples a parameter has moved, in root mean square, by the amount that
/// perturb = 0.05 takes. The device stands still for steps of drift_samples / 256 and is rebuilt
/// between them; a block is cut there, so that a response depends on the sample's age alone and not
/// on how samples were batched.
class Disturbance final : public Decorator {
  public:
    /// `perturb` in [0, 1); `drift_samples` 0 for none. Throws as `find_perturbation` does.
    Disturbance(std::unique_ptr<SimulatedRig> nominal, double perturb, double drift_samples,
                std::uint64_t seed);

    /// The rig's own, and in the notes, when `perturb` is not 0, what that came to.
    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }
    void query(ConstBlock x, Block y, const QueryContext& context) override;

    /// What `perturb` came to.
    [[nodiscard]] const Perturbation& perturbation() const noexcept { return perturbation_; }
    /// By how much the parameters are displaced at an age, in the rig's own steps.
    [[nodiscard]] std::vector<double> offsets(std::uint64_t age) const;

  private:
    void note_perturbation(double perturb);
    [[nodiscard]] std::uint64_t step_of(std::uint64_t age) const;
    [[nodiscard]] std::vector<double> offsets_in_step(std::uint64_t step) const;

    SimulatedRig& rig_; ///< owned by the base class
    LayerSpec spec_;
    double drift_samples_;
    std::vector<double> direction_;
    std::vector<Walk> walks_;
    Perturbation perturbation_;
    double drift_amount_ = 0.0;
    std::optional<std::uint64_t> step_; ///< that the rig is built for
};

} // namespace phyll::sim
