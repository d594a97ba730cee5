#pragma once

#include "drivers/core/workers.hpp"
#include "sim/physics/kernels/microwave_kernel.hpp"
#include "sim/physics/microwave/dipoles.hpp"

#include <cstddef>
#include <vector>

namespace phyll::physics {

/// The cavity seen from its atoms and ports. The fence, which never moves, is eliminated once and
/// its factor kept: moving rods and ports costs a tenth of building the device.
///
/// Frequencies are worked on in groups of 8, the last one repeated to fill its group. Bits do not
/// depend on the number of threads. `move` apart, all calls may be made from any thread.
class DipoleReduction {
  public:
    static constexpr std::size_t lanes = kernels::microwave_lanes<double>;
    using Entry = kernels::MicrowaveEntry<double>;

    DipoleReduction(const MicrowaveParameters& parameters, const MicrowaveGeometry& geometry,
                    Workers& workers);

    /// Takes the rods' and the ports' places from `geometry`.
    void move(const MicrowaveGeometry& geometry, Workers& workers);

    [[nodiscard]] std::size_t groups() const noexcept { return factors_.size(); }

    /// W^-1 at the atoms and, last, the ports, with all atoms in one state, for a group: lower
    /// triangle, row by row.
    [[nodiscard]] std::vector<Entry> inverse(std::size_t group, bool on) const;

    /// By how much 1/a of an atom changes when it is switched on.
    [[nodiscard]] Entry change(std::size_t group) const;

    /// S of one pattern at the frequencies of a group.
    [[nodiscard]] std::array<ScatteringMatrix, lanes>
    scattering(std::size_t group, std::span<const std::uint8_t> pattern) const;

  private:
    void eliminate_fence(const MicrowaveGeometry& geometry, std::size_t group);
    void couple_movable(const MicrowaveGeometry& geometry, std::size_t group);
    [[nodiscard]] double frequency(std::size_t group, std::size_t lane) const;
    [[nodiscard]] Entry atom(std::size_t group, bool on) const;
    [[nodiscard]] std::vector<Entry> without_fence(std::size_t group, std::size_t rows) const;

    MicrowaveParameters parameters_;
    /// By group, the lower triangle of wires, atoms (whose own entry is left out), rods, ports;
    /// wires eliminated.
    std::vector<std::vector<Entry>> factors_;
};

} // namespace phyll::physics
