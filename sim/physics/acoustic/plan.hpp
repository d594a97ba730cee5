#pragma once

#include "sim/physics/acoustic/geometry.hpp"
#include "sim/physics/kernels/acoustic_kernel.hpp"

#include <vector>

namespace phyll::physics {

/// The kernel's view of a device together with the memory that it points into. The tables of the
/// comb depend on the parameters only; a new geometry replaces the rest.
template <class Real>
class AcousticPlan {
  public:
    AcousticPlan(const AcousticParameters& parameters, const AcousticGeometry& geometry);
    AcousticPlan(const AcousticPlan&) = delete;
    AcousticPlan& operator=(const AcousticPlan&) = delete;

    void set_geometry(const AcousticGeometry& geometry);

    [[nodiscard]] const kernels::AcousticPlan<Real>& kernel() const noexcept { return plan_; }

  private:
    void tabulate_comb();
    void set_modes(const AcousticGeometry& geometry);
    void set_membranes();
    void set_coupling();

    AcousticParameters parameters_;
    std::vector<kernels::AcousticModeRow<Real>> rows_;
    std::vector<Real> tone_;
    std::vector<Real> cosine_;
    std::vector<Real> sine_;
    /// The shapes in double: modes x (membranes, speakers, microphones).
    struct Shapes {
        std::array<double, kernels::acoustic_membranes> membrane;
        std::array<double, kernels::acoustic_speakers> speaker;
        std::array<double, kernels::acoustic_microphones> microphone;
    };
    std::vector<Shapes> shapes_;
    kernels::AcousticPlan<Real> plan_{};
};

extern template class AcousticPlan<float>;
extern template class AcousticPlan<double>;

} // namespace phyll::physics
