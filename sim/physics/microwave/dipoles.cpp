#include "sim/physics/microwave/dipoles.hpp"

#include "drivers/core/error.hpp"

#include <Eigen/Dense>
#include <fmt/format.h>

#include <cmath> // j0 and y0 too, which are POSIX's
#include <numbers>

namespace phyll::physics {
namespace {

using Complex = std::complex<double>;
using Matrix = Eigen::MatrixXcd;

/// -Im(1/a) of a dipole that only radiates.
constexpr double radiation = 0.25;

double wave_number(double frequency) {
    return 2 * std::numbers::pi * frequency;
}

/// W, rows in the order of DipoleSolution::dipoles.
Matrix system_matrix(const MicrowaveParameters& p, const MicrowaveGeometry& g,
                     std::span<const std::uint8_t> pattern, double frequency) {
    std::vector<PlanePlace> places;
    std::vector<Complex> entries;
    const auto add = [&](const PlanePlace& place, Complex entry) {
        places.push_back(place);
        entries.push_back(entry);
    };
    for (const PlanePlace& place : g.wires) {
        add(place, wire_entry(p, g.wire_radius, frequency));
    }
    for (std::size_t i = 0; i < g.atoms.size(); ++i) {
        add(g.atoms[i], atom_entry(p, pattern[i] != 0, frequency));
    }
    for (const PlanePlace& place : g.rods) {
        add(place, wire_entry(p, g.wire_radius, frequency));
    }
    for (const PlanePlace& place : g.ports) {
        add(place, port_entry(p, frequency));
    }
    const auto n = static_cast<Eigen::Index>(places.size());
    Matrix w(n, n);
    for (Eigen::Index i = 0; i < n; ++i) {
        w(i, i) = entries[static_cast<std::size_t>(i)];
        for (Eigen::Index j = 0; j < i; ++j) {
            w(i, j) = coupling(places[static_cast<std::size_t>(i)],
                               places[static_cast<std::size_t>(j)], frequency);
            w(j, i) = w(i, j);
        }
    }
    return w;
}

} // namespace

Complex wire_entry(const MicrowaveParameters& p, double radius, double frequency) {
    return {::y0(wave_number(frequency) * radius) / 4, -radiation - p.wall_loss};
}

Complex atom_entry(const MicrowaveParameters& p, bool on, double frequency) {
    const double detuning = (on ? p.resonance_on : p.resonance_off) / frequency;
    return {p.radiative_q / 4 * (detuning * detuning - 1),
            -radiation - p.radiative_q / 4 * detuning / p.absorption_q};
}

Complex port_entry(const MicrowaveParameters& p, double frequency) {
    return {p.port_q / 4 * (1 / (frequency * frequency) - 1), -radiation - p.port_coupling};
}

Complex coupling(const PlanePlace& a, const PlanePlace& b, double frequency) {
    const double kr = wave_number(frequency) * std::hypot(a[0] - b[0], a[1] - b[1]);
    return {::y0(kr) / 4, -::j0(kr) / 4}; // -(i/4) (J0 + i Y0)
}

DipoleSolution solve_dipoles(const MicrowaveParameters& p, const MicrowaveGeometry& g,
                             std::span<const std::uint8_t> pattern, double frequency,
                             DipoleWaves waves) {
    if (pattern.size() != g.atoms.size()) {
        throw invalid_field("pattern",
                            fmt::format("{} states for {} atoms", pattern.size(), g.atoms.size()));
    }
    Matrix w = system_matrix(p, g, pattern, frequency);
    const Eigen::Index n = w.rows();
    constexpr Eigen::Index ports = 2;
    if (waves == DipoleWaves::standing) {
        w.imag().setZero();
        w.diagonal().tail(ports).imag().setConstant(-p.port_coupling);
    }
    Matrix incoming = Matrix::Zero(n, ports);
    incoming.bottomRows(ports).setIdentity();
    incoming *= std::sqrt(p.port_coupling);
    const Matrix moments = w.partialPivLu().solve(incoming);

    DipoleSolution solution;
    const Complex factor{0.0, 2 * std::sqrt(p.port_coupling)};
    for (Eigen::Index j = 0; j < ports; ++j) {
        const auto from = static_cast<std::size_t>(j);
        for (Eigen::Index i = 0; i < n; ++i) {
            solution.dipoles[from].push_back(moments(i, j));
        }
        for (Eigen::Index i = 0; i < ports; ++i) {
            solution.scattering[static_cast<std::size_t>(i)][from] =
                (i == j ? 1.0 : 0.0) + factor * moments(n - ports + i, j);
        }
    }
    return solution;
}

} // namespace phyll::physics
