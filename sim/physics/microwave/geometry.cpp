#include "sim/physics/microwave/geometry.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace phyll::physics {
namespace {

constexpr double wall_clearance = 0.6;
constexpr double atom_clearance = 0.4;
constexpr double clearance = 0.5;
constexpr double least_atom_distance = 0.05; // from wires and from each other
constexpr std::uint64_t most_attempts = 20'000;

double distance(const PlanePlace& a, const PlanePlace& b) {
    return std::hypot(a[0] - b[0], a[1] - b[1]);
}

double distance(const PlanePlace& place, std::span<const PlanePlace> others) {
    double least = HUGE_VAL;
    for (const PlanePlace& other : others) {
        least = std::min(least, distance(place, other));
    }
    return least;
}

/// The closed curve that the fence stands on, by the length along it.
class Outline {
  public:
    Outline(const MicrowaveParameters& p, std::uint64_t seed) {
        const KeyedRandom random(seed, "microwave outline");
        for (std::size_t i = 0; i < waves_.size(); ++i) {
            waves_[i].amplitude *= p.irregularity;
            waves_[i].phase = 2 * std::numbers::pi * random.uniform(i);
        }
        length_.push_back(0.0);
        for (std::size_t i = 0; i < steps; ++i) {
            length_.push_back(length_.back() + turn * speed(turn * (static_cast<double>(i) + 0.5)));
        }
        scale_ = p.perimeter / length_.back();
    }

    /// The place `length` along the curve, `depth` inside of it.
    [[nodiscard]] PlanePlace at(double length, double depth) const {
        const double angle = angle_at(length / scale_);
        const auto [r, slope] = radius(angle);
        const double c = std::cos(angle);
        const double s = std::sin(angle);
        const double norm = std::hypot(r, slope);
        // The tangent is (slope c - r s, slope s + r c), the outer normal at a right angle to it.
        return {scale_ * r * c - depth * (slope * s + r * c) / norm,
                scale_ * r * s + depth * (slope * c - r * s) / norm};
    }

    [[nodiscard]] bool contains(const PlanePlace& place) const {
        return std::hypot(place[0], place[1]) <
               scale_ * radius(std::atan2(place[1], place[0])).first;
    }

    /// Nothing of the curve is farther than this from the middle.
    [[nodiscard]] double reach() const {
        double sum = 1.0;
        for (const Wave& wave : waves_) {
            sum += wave.amplitude;
        }
        return scale_ * sum;
    }

  private:
    static constexpr std::size_t steps = 8192;
    static constexpr double turn = 2 * std::numbers::pi / steps;

    struct Wave {
        double order;
        double amplitude;
        double phase;
    };

    /// r and dr/dt, before stretching.
    [[nodiscard]] std::pair<double, double> radius(double angle) const {
        double r = 1.0;
        double slope = 0.0;
        for (const Wave& wave : waves_) {
            r += wave.amplitude * std::cos(wave.order * angle + wave.phase);
            slope -= wave.amplitude * wave.order * std::sin(wave.order * angle + wave.phase);
        }
        return {r, slope};
    }
    [[nodiscard]] double speed(double angle) const {
        const auto [r, slope] = radius(angle);
        return std::hypot(r, slope);
    }
    [[nodiscard]] double angle_at(double length) const {
        const auto after = std::upper_bound(length_.begin() + 1, length_.end() - 1, length);
        const double share = (length - *(after - 1)) / (*after - *(after - 1));
        return turn * (static_cast<double>(after - 1 - length_.begin()) + share);
    }

    std::array<Wave, 3> waves_{{{.order = 2, .amplitude = 0.18, .phase = 0},
                                {.order = 3, .amplitude = 0.12, .phase = 0},
                                {.order = 5, .amplitude = 0.06, .phase = 0}}};
    std::vector<double> length_; ///< up to each step, before stretching
    double scale_ = 1.0;
};

std::vector<PlanePlace> fence(const MicrowaveParameters& p, const Outline& outline) {
    std::vector<PlanePlace> wires;
    wires.reserve(p.wires());
    for (std::size_t i = 0; i < p.wires(); ++i) {
        wires.push_back(
            outline.at(p.perimeter * static_cast<double>(i) / static_cast<double>(p.wires()), 0.0));
    }
    return wires;
}

std::vector<PlanePlace> atoms_along(const MicrowaveParameters& p, const Outline& outline,
                                    std::span<const PlanePlace> wires) {
    std::vector<PlanePlace> atoms;
    for (std::size_t i = 0; i < p.atoms; ++i) {
        const PlanePlace place =
            outline.at(p.atom_spacing * (static_cast<double>(i) + 0.5), p.atom_depth);
        const double least = std::min(distance(place, wires), distance(place, atoms));
        if (least < least_atom_distance) {
            throw invalid_field("atom_depth",
                                fmt::format("{}; atom {} would be {:.3f} from a wire or another "
                                            "atom where the outline bends, valid is {}",
                                            p.atom_depth, i + 1, least, least_atom_distance));
        }
        atoms.push_back(place);
    }
    return atoms;
}

/// Places inside that keep their distances, drawn at random.
class Chooser {
  public:
    Chooser(const MicrowaveGeometry& geometry, const Outline& outline)
        : geometry_(geometry), outline_(outline) {}

    [[nodiscard]] PlanePlace draw(const KeyedRandom& random, std::uint64_t a,
                                  std::uint64_t b) const {
        const double reach = outline_.reach();
        return {reach * (2 * random.uniform(a, b) - 1), reach * (2 * random.uniform(a, b + 1) - 1)};
    }
    [[nodiscard]] bool is_clear(const PlanePlace& place) const {
        return outline_.contains(place) && distance(place, geometry_.wires) >= wall_clearance &&
               distance(place, geometry_.atoms) >= atom_clearance;
    }

  private:
    const MicrowaveGeometry& geometry_;
    const Outline& outline_;
};

std::array<PlanePlace, 2> place_ports(const MicrowaveParameters& p, const Chooser& chooser,
                                      std::uint64_t seed) {
    const KeyedRandom random(seed, "microwave ports");
    for (std::uint64_t i = 0; i < most_attempts; ++i) {
        const std::array<PlanePlace, 2> ports{chooser.draw(random, i, 0),
                                              chooser.draw(random, i, 2)};
        if (distance(ports[0], ports[1]) >= p.port_distance && chooser.is_clear(ports[0]) &&
            chooser.is_clear(ports[1])) {
            return ports;
        }
    }
    throw invalid_field(
        "port_distance",
        fmt::format("{}; in a cavity of perimeter {} there is no room for two ports "
                    "that far apart",
                    p.port_distance, p.perimeter));
}

std::vector<PlanePlace> place_rods(const MicrowaveParameters& p, const Chooser& chooser,
                                   std::span<const PlanePlace> ports, std::uint64_t seed) {
    const KeyedRandom random(seed, "microwave rods");
    std::vector<PlanePlace> rods;
    for (std::uint64_t i = 0; rods.size() < p.rods && i < most_attempts; ++i) {
        const PlanePlace place = chooser.draw(random, i, 0);
        if (chooser.is_clear(place) && distance(place, ports) >= clearance &&
            distance(place, rods) >= clearance) {
            rods.push_back(place);
        }
    }
    if (rods.size() < p.rods) {
        throw invalid_field("rods", fmt::format("{}; in a cavity of perimeter {} there is room for "
                                                "{}",
                                                p.rods, p.perimeter, rods.size()));
    }
    return rods;
}

void displace(PlanePlace& place, double x, double y) {
    const double length = std::hypot(x, y);
    if (length == 0.0) {
        return;
    }
    const double factor = microwave_farthest * std::tanh(length / microwave_farthest) / length;
    place[0] += factor * x;
    place[1] += factor * y;
}

} // namespace

MicrowaveGeometry nominal_geometry(const MicrowaveParameters& p, std::uint64_t seed) {
    const Outline outline(p, seed);
    MicrowaveGeometry g;
    g.wires = fence(p, outline);
    g.atoms = atoms_along(p, outline, g.wires);
    const Chooser chooser(g, outline);
    g.ports = place_ports(p, chooser, seed);
    g.rods = place_rods(p, chooser, g.ports, seed);
    g.wire_radius = p.perimeter / static_cast<double>(p.wires()) / (2 * std::numbers::pi);
    return g;
}

std::size_t microwave_displacements(const MicrowaveParameters& p) {
    return 2 * (p.rods + 2);
}

MicrowaveGeometry displaced_geometry(const MicrowaveGeometry& nominal,
                                     std::span<const double> offsets) {
    const std::size_t needed = 2 * (nominal.rods.size() + nominal.ports.size());
    if (offsets.size() != needed) {
        throw invalid_field("offsets",
                            fmt::format("{} numbers; the cavity has {}", offsets.size(), needed));
    }
    MicrowaveGeometry g = nominal;
    std::size_t used = 0;
    const auto displace_next = [&](PlanePlace& place) {
        displace(place, offsets[used], offsets[used + 1]);
        used += 2;
    };
    std::ranges::for_each(g.rods, displace_next);
    std::ranges::for_each(g.ports, displace_next);
    return g;
}

} // namespace phyll::physics
