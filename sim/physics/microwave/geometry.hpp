#pragma once

#include "sim/physics/microwave/parameters.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace phyll::physics {

/// A place in the cavity's plane, in wavelengths at f0.
using PlanePlace = std::array<double, 2>;

/// Where everything is. Wires and atoms stay; rods and ports are what a disturbance moves.
struct MicrowaveGeometry {
    std::vector<PlanePlace> wires;
    std::vector<PlanePlace> atoms;
    std::vector<PlanePlace> rods;
    std::array<PlanePlace, 2> ports;
    /// Of wires and rods: spacing / 2 pi, at which a grid of wires has no inductance of its own.
    double wire_radius;
};

/// The farthest that anything is ever displaced.
inline constexpr double microwave_farthest = 0.15;

/// The cavity that a seed stands for: the phases of its outline, the places of ports and rods.
/// Those keep a distance of 0.6 from the wires, 0.4 from the atoms and 0.5 from each other, so that
/// nothing that is displaced ever touches anything. Throws INVALID_ARGUMENT naming the parameter
/// when there is no room.
[[nodiscard]] MicrowaveGeometry nominal_geometry(const MicrowaveParameters& parameters,
                                                 std::uint64_t seed);

/// Two numbers for each rod and each port.
[[nodiscard]] std::size_t microwave_displacements(const MicrowaveParameters& parameters);

/// `nominal` with each rod, then each port, displaced by two of the `offsets` (x and y, in
/// wavelengths), shortened from their length l to 0.15 tanh(l / 0.15). Throws INVALID_ARGUMENT when
/// the number of offsets is wrong.
[[nodiscard]] MicrowaveGeometry displaced_geometry(const MicrowaveGeometry& nominal,
                                                   std::span<const double> offsets);

} // namespace phyll::physics
