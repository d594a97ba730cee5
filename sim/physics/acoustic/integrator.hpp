#pragma once

#include "sim/physics/acoustic/plan.hpp"

#include <complex>
#include <cstdint>
#include <vector>

namespace phyll::physics {

/// The cavity in time: Strang splitting of air (exact damped rotation of each mode), membranes
/// (discrete gradient, Newton's method to convergence) and their coupling (implicit midpoint); of
/// order 2 and stable for any step. float for speed, double for checks. Thread-safe but for
/// `set_geometry`: many tiles may run on one integrator.
template <class Real>
class AcousticIntegrator {
  public:
    static constexpr std::size_t lanes = kernels::acoustic_lanes<Real>;

    /// Throws INVALID_ARGUMENT when the parameters cannot be.
    AcousticIntegrator(const AcousticParameters& parameters, const AcousticGeometry& geometry);

    /// As many samples as a tile has lanes, at one moment.
    class Tile {
      public:
        [[nodiscard]] Real& q(std::size_t mode, std::size_t lane);         ///< Pa
        [[nodiscard]] Real& u(std::size_t mode, std::size_t lane);         ///< Pa
        [[nodiscard]] Real& x(std::size_t membrane, std::size_t lane);     ///< m
        [[nodiscard]] Real& v(std::size_t membrane, std::size_t lane);     ///< m/s
        [[nodiscard]] Real& amplitude(std::size_t tone, std::size_t lane); ///< m^3/s
        /// Pressure in a bin over the last window that was listened to, as a phasor in Pa: its
        /// absolute value is the amplitude, its real part goes with the cosine.
        [[nodiscard]] std::complex<Real> pressure(std::size_t bin, std::size_t lane) const;

      private:
        friend AcousticIntegrator;
        std::size_t modes_ = 0;
        std::size_t bins_ = 0;
        std::size_t taken_ = 0;    ///< steps since rest
        std::size_t listened_ = 0; ///< steps in the sums
        std::vector<Real> state_;  ///< rows of lanes: q, u, x, v
        std::vector<Real> amplitude_;
        std::vector<Real> sums_; ///< rows of lanes: cosines, sines
    };

    [[nodiscard]] std::size_t modes() const noexcept { return plan_.kernel().modes; }
    [[nodiscard]] std::size_t bins() const noexcept { return plan_.kernel().bins; }

    /// At rest, undriven.
    [[nodiscard]] Tile new_tile() const;

    /// Takes `steps` steps and listens to all after the first `unheard` ones; forgets what was
    /// heard before. Returns the lanes, as bits, in which a membrane's equation could not be
    /// solved: the tile is then worthless.
    [[nodiscard]] std::uint64_t run(Tile& tile, std::size_t steps, std::size_t unheard) const;

    void set_geometry(const AcousticGeometry& geometry);

    /// Energy in the air and the membranes, in J, of one lane.
    [[nodiscard]] double energy(Tile& tile, std::size_t lane) const;

  private:
    AcousticParameters parameters_;
    AcousticPlan<Real> plan_;
};

extern template class AcousticIntegrator<float>;
extern template class AcousticIntegrator<double>;

} // namespace phyll::physics
