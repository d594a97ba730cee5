#pragma once

#include "sim/physics/acoustic/plan.hpp"

#include <span>
#include <vector>

namespace phyll::physics {

/// The acoustic device as sound sees it: what the speakers play in, what the microphones hear out,
/// sample by sample, one after the other. The same physics and time step as `AcousticCavity`, in
/// double; it goes on from where it was. Thread rule: one thread.
class StreamedCavity {
  public:
    static constexpr std::size_t speakers = kernels::acoustic_speakers;
    static constexpr std::size_t microphones = kernels::acoustic_microphones;

    /// At rest. Throws INVALID_ARGUMENT when the parameters cannot be.
    explicit StreamedCavity(const AcousticParameters& parameters);

    /// Volume velocities in m^3/s, `speakers` a step, and pressures in Pa, `microphones` a step,
    /// where each is in the middle of its step. After a long silence it is at rest again, and costs
    /// nothing. What cannot be integrated, a drive that is too strong for the time step, leaves it
    /// at rest: false then, and zeros.
    bool run(std::span<const double> volume_velocity, std::span<double> pressure) noexcept;

    void rest() noexcept;

  private:
    [[nodiscard]] bool is_quiet() const noexcept;

    AcousticPlan<double> plan_;
    std::vector<double> state_;  ///< rows of lanes: q, u, x, v
    std::vector<double> unused_; ///< amplitudes and sums
    bool resting_ = true;
};

} // namespace phyll::physics
