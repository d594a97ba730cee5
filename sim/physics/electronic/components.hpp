#pragma once

#include "sim/physics/electronic/parameters.hpp"

#include <span>
#include <vector>

namespace phyll::physics {

/// The components of one stage of the ladder: what a disturbance moves.
struct ElectronicStage {
    double resistance;         ///< ohm; from the node before
    double capacitance;        ///< F; from the node to ground
    double saturation_current; ///< A; of each of the two diodes; 0 without diodes
    double slope;              ///< V; n Vt

    bool operator==(const ElectronicStage&) const = default;
};

/// Components, the stage next to the DAC first.
using ElectronicComponents = std::vector<ElectronicStage>;

/// Numbers by which the components of a ladder of so many stages are displaced.
[[nodiscard]] constexpr std::size_t electronic_displacements(std::size_t stages) noexcept {
    return 4 * stages;
}

[[nodiscard]] ElectronicComponents nominal_components(const ElectronicParameters& parameters);

/// The components displaced by `offsets`, `electronic_displacements` of them: for each stage one g
/// for each of R, C, Is and n Vt. With a the root mean square of all,
///   ln R, ln C += 0.5 g, but a + 0.5 |g| in the stage next to the DAC, which wears: it only grows;
///   ln Is += 0.5 g;  ln (n Vt) += 0.05 g;
/// smoothly bounded before a factor of 1000, of 2 for n Vt. Without the wear many directions hardly
/// change what is computed: random factors average out. Throws INVALID_ARGUMENT when the length is
/// wrong.
[[nodiscard]] ElectronicComponents displaced_components(const ElectronicParameters& parameters,
                                                        std::span<const double> offsets);

/// Voltages of the nodes, in V, after the source has stood at one voltage for ever. Solved from the
/// open end towards the source, without any time step.
[[nodiscard]] std::vector<double> steady_state(const ElectronicComponents& components,
                                               double source);

} // namespace phyll::physics
