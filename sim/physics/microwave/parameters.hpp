#pragma once

#include <cstddef>
#include <vector>

namespace phyll::physics {

/// What is made of S21 at a frequency.
enum class MicrowaveResponse {
    abs,    ///< its absolute value
    abs2,   ///< the square of that: the share of the power that arrives
    complex ///< its real and its imaginary part
};

/// A flat cavity of irregular outline, fenced by thin wires, with rods in it, programmable
/// meta-atoms along its wall and two ports. Lengths are in wavelengths at f0, frequencies in f0.
/// The defaults are those of the simulated rig "microwave"; nothing else states them.
///
/// Everything is a dipole; a is its polarisability times k^2, k = 2 pi f. The equations are in
/// dipoles.hpp.
struct MicrowaveParameters {
    // The frequencies at which S21 is read, at equal distances from the lowest to the highest.
    std::size_t points = 60;
    double lowest_frequency = 0.9;
    double highest_frequency = 1.1;
    MicrowaveResponse response = MicrowaveResponse::abs;

    // The outline, r(t) = 1 + irregularity (0.18 cos(2t + p1) + 0.12 cos(3t + p2) +
    // 0.06 cos(5t + p3)), stretched to the perimeter; phases from the seed.
    double perimeter = 25.0;
    double irregularity = 1.0;   ///< 0: a circle, whose modes hardly mix
    double wire_spacing = 0.125; ///< along the outline; rounded so that the last closes the fence
    double wall_loss = 0.10;     ///< of wires and rods, in -Im(1/a)
    std::size_t rods = 8;        ///< scatterers like the fence's wires, places from the seed

    // Meta-atoms, one after the other along the wall.
    std::size_t atoms = 40;
    double atom_spacing = 0.40; ///< along the outline
    double atom_depth = 0.25;   ///< how far inside the wall
    double resonance_off = 1.5;
    double resonance_on = 1.3;
    double radiative_q = 4.0;    ///< Qr: the larger, the weaker is the atom
    double absorption_q = 200.0; ///< Qa: the larger, the less is absorbed

    // Two ports, places from the seed.
    double port_distance = 3.0;  ///< that the ports have at least from each other
    double port_coupling = 0.25; ///< gamma: what the cable takes, in -Im(1/a)
    double port_q = 2.0;         ///< Qp: the larger, the narrower is the antenna's band

    // How long the instruments take for a sample; no part of the physics.
    double if_bandwidth = 10e3; ///< Hz; of the network analyser
    double settle_time = 0.01;  ///< s; to set the atoms, trigger the sweep and fetch it

    /// Number of wires of the fence.
    [[nodiscard]] std::size_t wires() const noexcept;
    /// Of point `index`, in f0.
    [[nodiscard]] double frequency(std::size_t index) const noexcept;
    /// Outputs per frequency: 2 for a complex response, otherwise 1.
    [[nodiscard]] std::size_t outputs_per_point() const noexcept;
    /// `settle_time` and 1.2 / `if_bandwidth` a point.
    [[nodiscard]] double seconds_per_sample() const noexcept;

    bool operator==(const MicrowaveParameters&) const = default;
};

/// Throws INVALID_ARGUMENT naming the parameter that is wrong and what would be right.
void check(const MicrowaveParameters& parameters);

} // namespace phyll::physics
