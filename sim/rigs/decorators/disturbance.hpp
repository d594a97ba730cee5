#pragma once

#include "sim/rigs/decorators/decorator.hpp"
#include "sim/rigs/decorators/probe.hpp"
#include "sim/rigs/decorators/walk.hpp"
#include "sim/rigs/simulated_rig.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
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
/// that is there from the start or comes later (`perturb`), and by a slow random walk of every
/// parameter with the device's age (`drift_samples`). A device that is neither displaced nor drifts
/// is asked as it is, and costs nothing more.
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

    /// The rig's own, and in the notes, when the first `perturb` is not 0, what that came to.
    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }
    void query(ConstBlock x, Block y, const QueryContext& context) override;

    /// What the rig's is; while it is displaced otherwise than at first, the reason says so.
    [[nodiscard]] Health health() const override;

    /// Displaces the device anew, from its nominal place: from here on it answers as one that was
    /// made with `perturb` = fraction, to the bit. Returns the amount, in the rig's own steps. The
    /// search takes hundreds of queries of 256 samples; what was found once is remembered. Throws
    /// as `find_perturbation` does, and nothing has changed then.
    double perturb(double fraction);
    /// The fraction in force.
    [[nodiscard]] double fraction() const noexcept { return fraction_; }
    /// What it came to.
    [[nodiscard]] const Perturbation& perturbation() const noexcept { return perturbation_; }
    /// By how much the parameters are displaced at an age, in the rig's own steps.
    [[nodiscard]] std::vector<double> offsets(std::uint64_t age) const;

  private:
    Perturbation find(double fraction);
    /// How far the device is displaced now, a line each.
    [[nodiscard]] std::vector<std::string> describe();
    /// Where the samples end that are measured as the one at `first` is.
    [[nodiscard]] std::size_t end_of_step(std::uint64_t age, std::size_t first,
                                          std::size_t samples) const;
    [[nodiscard]] std::uint64_t step_of(std::uint64_t age) const;
    [[nodiscard]] std::vector<double> offsets_in_step(std::uint64_t step) const;

    SimulatedRig& rig_; ///< owned by the base class
    LayerSpec spec_;
    double drift_samples_;
    std::uint64_t seed_;
    std::vector<double> direction_;
    std::vector<Walk> walks_;
    std::optional<Probe> probe_;           ///< of the nominal device, once it was needed
    std::map<double, Perturbation> found_; ///< by fraction
    double first_fraction_;
    double fraction_;
    Perturbation perturbation_;
    std::string remark_; ///< what `health` says
    double drift_amount_ = 0.0;
    std::optional<std::uint64_t> step_ = 0; ///< that the rig is built for
};

} // namespace phyll::sim
