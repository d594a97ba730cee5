#pragma once

#include "sim/physics/electronic/components.hpp"
#include "sim/physics/kernels/electronic_kernel.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace phyll::physics {

/// The ladder in time, by the implicit midpoint rule, 2 C (y - v0)/h = f(y), v1 = 2 y - v0: of
/// order 2, and passive for any step. Newton's method goes on until the next change would be below
/// the rounding. float for speed, double for checks. Thread-safe but for `set_components`: many
/// tiles may run on one integrator.
template <class Real>
class ElectronicIntegrator {
  public:
    static constexpr std::size_t lanes = kernels::electronic_lanes<Real>;

    /// Throws INVALID_ARGUMENT when the parameters cannot be.
    ElectronicIntegrator(const ElectronicParameters& parameters,
                         const ElectronicComponents& components);

    /// As many samples as a tile has lanes, with what drives them. Nodes and DAC samples count from
    /// 0 here; everything is in V.
    class Tile {
      public:
        [[nodiscard]] Real& v(std::size_t node, std::size_t lane);
        [[nodiscard]] Real& dac(std::size_t sample, std::size_t lane);
        /// Voltage of a node at the end of a DAC sample, as the last `run` left it.
        [[nodiscard]] Real voltage(std::size_t sample, std::size_t node, std::size_t lane) const;

      private:
        friend ElectronicIntegrator;
        std::size_t stages_ = 0;
        std::vector<Real> v_;     ///< rows of lanes
        std::vector<Real> dac_;   ///< rows of lanes
        std::vector<Real> trace_; ///< rows of lanes: samples x stages
    };

    /// At rest, the DAC at 0 V.
    [[nodiscard]] Tile new_tile() const;

    /// Plays the DAC samples, going on from where the tile is. Returns the lanes, as bits, in which
    /// a step's equation could not be solved: the tile is then worthless.
    [[nodiscard]] std::uint64_t run(Tile& tile) const;

    void set_components(const ElectronicComponents& components);

    /// Energy in the capacitors, in J, of one lane.
    [[nodiscard]] double energy(Tile& tile, std::size_t lane) const;

  private:
    ElectronicParameters parameters_;
    ElectronicComponents components_;
    std::vector<kernels::ElectronicNode<Real>> nodes_;
};

extern template class ElectronicIntegrator<float>;
extern template class ElectronicIntegrator<double>;

/// The instruction set that the electronic kernel in use is built for: "x86-64", "x86-64-v3",
/// "x86-64-v4". Results are bit-identical on one level only.
[[nodiscard]] std::string_view electronic_kernel_level();

} // namespace phyll::physics
