#include "sim/physics/microwave/parameters.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/require.hpp"
#include "sim/physics/kernels/microwave_kernel.hpp"

#include <fmt/format.h>

#include <cmath>

namespace phyll::physics {
namespace {

constexpr std::size_t most_points = 1024;
constexpr std::size_t most_atoms = 256;
constexpr std::size_t most_rods = 64;
constexpr double least_step = 1e-4;     // f0; frequencies are named with five decimals
constexpr double most_memory = 1 << 30; // bytes

/// Of a sweep's nominal time, what goes by between the points.
constexpr double sweep_overhead = 1.2;

void check_band(const MicrowaveParameters& p) {
    require_between("points", p.points, 2, most_points);
    require_between("lowest_frequency", p.lowest_frequency, 0.2, 2.0);
    require_between("highest_frequency", p.highest_frequency, 0.2, 2.0);
    if (p.highest_frequency <= p.lowest_frequency) {
        throw invalid_field("highest_frequency",
                            fmt::format("{} f0; valid is more than lowest_frequency, {} f0",
                                        p.highest_frequency, p.lowest_frequency));
    }
    if (p.frequency(1) - p.frequency(0) < least_step) {
        throw invalid_field(
            "points", fmt::format("{} between {} and {} f0; they must be {} f0 apart", p.points,
                                  p.lowest_frequency, p.highest_frequency, least_step));
    }
}

void check_walls(const MicrowaveParameters& p) {
    require_between("perimeter", p.perimeter, 5.0, 100.0);
    require_between("irregularity", p.irregularity, 0.0, 1.5);
    require_between("wire_spacing", p.wire_spacing, 0.02, 0.5);
    require_between("wall_loss", p.wall_loss, 0.0, 100.0);
    require_between("rods", p.rods, 0, most_rods);
}

void check_atoms(const MicrowaveParameters& p) {
    require_between("atoms", p.atoms, 1, most_atoms);
    require_between("atom_spacing", p.atom_spacing, 0.1, 10.0);
    require_between("atom_depth", p.atom_depth, 0.1, 1.0);
    if (static_cast<double>(p.atoms) * p.atom_spacing > p.perimeter) {
        throw invalid_field("atoms",
                            fmt::format("{} at a spacing of {}; there is room for {} on a "
                                        "perimeter of {}",
                                        p.atoms, p.atom_spacing,
                                        std::floor(p.perimeter / p.atom_spacing), p.perimeter));
    }
    require_positive("resonance_off", p.resonance_off);
    require_positive("resonance_on", p.resonance_on);
    if (p.resonance_on == p.resonance_off) {
        throw invalid_field("resonance_on",
                            fmt::format("{} f0; must differ from resonance_off", p.resonance_on));
    }
    require_positive("radiative_q", p.radiative_q);
    require_positive("absorption_q", p.absorption_q);
}

/// The fence's factor is kept for every frequency, so that a displaced device is built fast.
void check_memory(const MicrowaveParameters& p) {
    const std::size_t elements = p.wires() + p.atoms + p.rods + 2;
    const double bytes = 16.0 * static_cast<double>(kernels::microwave_triangle(elements)) *
                         static_cast<double>(p.points);
    if (bytes > most_memory) {
        throw invalid_field("points", fmt::format("{} with {} wires and {} atoms; the device would "
                                                  "take {:.0f} MiB of memory, at most {:.0f}",
                                                  p.points, p.wires(), p.atoms, bytes / (1 << 20),
                                                  most_memory / (1 << 20)));
    }
}

} // namespace

std::size_t MicrowaveParameters::wires() const noexcept {
    return static_cast<std::size_t>(std::lround(perimeter / wire_spacing));
}

double MicrowaveParameters::frequency(std::size_t index) const noexcept {
    return lowest_frequency + (highest_frequency - lowest_frequency) * static_cast<double>(index) /
                                  static_cast<double>(points - 1);
}

std::size_t MicrowaveParameters::outputs_per_point() const noexcept {
    return response == MicrowaveResponse::complex ? 2 : 1;
}

double MicrowaveParameters::seconds_per_sample() const noexcept {
    return settle_time + sweep_overhead * static_cast<double>(points) / if_bandwidth;
}

void check(const MicrowaveParameters& parameters) {
    check_band(parameters);
    check_walls(parameters);
    check_atoms(parameters);
    require_between("port_distance", parameters.port_distance, 0.5, 50.0);
    require_positive("port_coupling", parameters.port_coupling);
    require_positive("port_q", parameters.port_q);
    require_positive("if_bandwidth", parameters.if_bandwidth);
    require_between("settle_time", parameters.settle_time, 0.0, 60.0);
    check_memory(parameters);
}

} // namespace phyll::physics
