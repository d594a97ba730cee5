#include "sim/physics/microwave/reduction.hpp"

#include <algorithm>

namespace phyll::physics {
namespace {

using Complex = std::complex<double>;
using Entry = DipoleReduction::Entry;
using kernels::microwave_triangle;

constexpr std::size_t lanes = DipoleReduction::lanes;
constexpr std::size_t ports = std::tuple_size_v<decltype(MicrowaveGeometry::ports)>;

Complex lane_of(const Entry& entry, std::size_t lane) {
    return {entry.re[lane], entry.im[lane]};
}

void set_lane(Entry& entry, std::size_t lane, Complex value) {
    entry.re[lane] = value.real();
    entry.im[lane] = value.imag();
}

void add_to(Entry& entry, const Entry& other) {
    for (std::size_t l = 0; l < lanes; ++l) {
        entry.re[l] += other.re[l];
        entry.im[l] += other.im[l];
    }
}

void eliminate(std::vector<Entry>& matrix, std::size_t first, std::size_t rows,
               std::size_t pivots) {
    std::vector<Entry> room(2 * rows);
    const kernels::MicrowaveElimination elimination{.matrix = matrix.data(),
                                                    .first = first,
                                                    .rows = rows,
                                                    .pivots = pivots,
                                                    .room = room.data()};
    kernels::phyll_microwave_eliminate(&elimination);
}

Complex determinant(const ScatteringMatrix& m) {
    return m[0][0] * m[1][1] - m[0][1] * m[1][0];
}

} // namespace

DipoleReduction::DipoleReduction(const MicrowaveParameters& parameters,
                                 const MicrowaveGeometry& geometry, Workers& workers)
    : parameters_(parameters), factors_((parameters.points + lanes - 1) / lanes) {
    const std::size_t rows = parameters_.wires() + parameters_.atoms + parameters_.rods + ports;
    workers.run(groups(), [&](std::size_t group) {
        factors_[group].resize(microwave_triangle(rows));
        eliminate_fence(geometry, group);
        couple_movable(geometry, group);
    });
}

void DipoleReduction::move(const MicrowaveGeometry& geometry, Workers& workers) {
    workers.run(groups(), [&](std::size_t group) { couple_movable(geometry, group); });
}

void DipoleReduction::eliminate_fence(const MicrowaveGeometry& g, std::size_t group) {
    std::vector<Entry>& matrix = factors_[group];
    std::vector<PlanePlace> places = g.wires;
    places.insert(places.end(), g.atoms.begin(), g.atoms.end());
    for (std::size_t l = 0; l < lanes; ++l) {
        const double f = frequency(group, l);
        const Complex wire = wire_entry(parameters_, g.wire_radius, f);
        for (std::size_t i = 0; i < places.size(); ++i) {
            Entry* row = &matrix[microwave_triangle(i)];
            for (std::size_t j = 0; j < i; ++j) {
                set_lane(row[j], l, coupling(places[i], places[j], f));
            }
            set_lane(row[i], l, i < g.wires.size() ? wire : 0.0);
        }
    }
    eliminate(matrix, 0, places.size(), g.wires.size());
}

void DipoleReduction::couple_movable(const MicrowaveGeometry& g, std::size_t group) {
    std::vector<Entry>& matrix = factors_[group];
    std::vector<PlanePlace> places = g.wires;
    places.insert(places.end(), g.atoms.begin(), g.atoms.end());
    const std::size_t first = places.size();
    places.insert(places.end(), g.rods.begin(), g.rods.end());
    const std::size_t first_port = places.size();
    places.insert(places.end(), g.ports.begin(), g.ports.end());
    for (std::size_t l = 0; l < lanes; ++l) {
        const double f = frequency(group, l);
        const Complex rod = wire_entry(parameters_, g.wire_radius, f);
        const Complex port = port_entry(parameters_, f);
        for (std::size_t i = first; i < places.size(); ++i) {
            Entry* row = &matrix[microwave_triangle(i)];
            for (std::size_t j = 0; j < i; ++j) {
                set_lane(row[j], l, coupling(places[i], places[j], f));
            }
            set_lane(row[i], l, i < first_port ? rod : port);
        }
    }
    eliminate(matrix, first, places.size(), g.wires.size());
}

std::vector<Entry> DipoleReduction::inverse(std::size_t group, bool on) const {
    const std::size_t atoms = parameters_.atoms;
    const std::size_t pivots = atoms + parameters_.rods + ports;
    const std::size_t kept = atoms + ports;
    // Below W the rows of the unit matrix that are wanted: eliminating W leaves -W^-1 there.
    std::vector<Entry> matrix = without_fence(group, pivots + kept);
    const Entry own = atom(group, on);
    for (std::size_t i = 0; i < atoms; ++i) {
        add_to(matrix[microwave_triangle(i) + i], own);
    }
    for (std::size_t i = 0; i < kept; ++i) {
        const std::size_t column = i < atoms ? i : i + parameters_.rods;
        std::ranges::fill(matrix[microwave_triangle(pivots + i) + column].re, 1.0);
    }
    eliminate(matrix, 0, pivots + kept, pivots);
    std::vector<Entry> result;
    result.reserve(microwave_triangle(kept));
    for (std::size_t i = 0; i < kept; ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
            Entry entry = matrix[microwave_triangle(pivots + i) + pivots + j];
            for (std::size_t l = 0; l < lanes; ++l) {
                set_lane(entry, l, -lane_of(entry, l));
            }
            result.push_back(entry);
        }
    }
    return result;
}

Entry DipoleReduction::change(std::size_t group) const {
    Entry change;
    for (std::size_t l = 0; l < lanes; ++l) {
        const double f = frequency(group, l);
        set_lane(change, l, atom_entry(parameters_, true, f) - atom_entry(parameters_, false, f));
    }
    return change;
}

std::array<ScatteringMatrix, lanes>
DipoleReduction::scattering(std::size_t group, std::span<const std::uint8_t> pattern) const {
    const std::size_t atoms = parameters_.atoms;
    const std::size_t pivots = atoms + parameters_.rods;
    std::vector<Entry> matrix = without_fence(group, pivots + ports);
    for (std::size_t i = 0; i < atoms; ++i) {
        add_to(matrix[microwave_triangle(i) + i], atom(group, pattern[i] != 0));
    }
    eliminate(matrix, 0, pivots + ports, pivots);
    const auto at = [&](std::size_t i, std::size_t j, std::size_t lane) {
        return lane_of(matrix[microwave_triangle(pivots + i) + pivots + j], lane);
    };
    std::array<ScatteringMatrix, lanes> result;
    for (std::size_t l = 0; l < lanes; ++l) {
        // What is left is W as the ports see it; S = 1 + 2 i gamma W^-1.
        const ScatteringMatrix w{{{at(0, 0, l), at(1, 0, l)}, {at(1, 0, l), at(1, 1, l)}}};
        const Complex factor = Complex{0.0, 2 * parameters_.port_coupling} / determinant(w);
        result[l] = {{{1.0 + factor * w[1][1], -factor * w[0][1]},
                      {-factor * w[1][0], 1.0 + factor * w[0][0]}}};
    }
    return result;
}

double DipoleReduction::frequency(std::size_t group, std::size_t lane) const {
    return parameters_.frequency(std::min(group * lanes + lane, parameters_.points - 1));
}

Entry DipoleReduction::atom(std::size_t group, bool on) const {
    Entry entry;
    for (std::size_t l = 0; l < lanes; ++l) {
        set_lane(entry, l, atom_entry(parameters_, on, frequency(group, l)));
    }
    return entry;
}

/// The lower triangle of atoms, rods and ports without the fence, atoms' own entries left out, in a
/// triangle of `rows` rows that is zero below.
std::vector<Entry> DipoleReduction::without_fence(std::size_t group, std::size_t rows) const {
    std::vector<Entry> matrix(microwave_triangle(rows));
    const std::size_t wires = parameters_.wires();
    const std::size_t left = parameters_.atoms + parameters_.rods + ports;
    for (std::size_t i = 0; i < left; ++i) {
        const Entry* row = &factors_[group][microwave_triangle(wires + i) + wires];
        std::copy(row, row + i + 1, &matrix[microwave_triangle(i)]);
    }
    return matrix;
}

} // namespace phyll::physics
