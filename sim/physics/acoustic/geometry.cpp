#include "sim/physics/acoustic/geometry.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace phyll::physics {
namespace {

constexpr double step_length = 0.01;      // m
constexpr double step_temperature = 10.0; // K
constexpr double most_warming = 30.0;     // K

/// The axis at a right angle to the wall that the place is on.
std::size_t wall_axis(const Place& size, const Place& place) {
    std::array<double, 3> gap{};
    for (std::size_t axis = 0; axis < 3; ++axis) {
        gap[axis] = std::min(place[axis], size[axis] - place[axis]);
    }
    return static_cast<std::size_t>(std::min_element(gap.begin(), gap.end()) - gap.begin());
}

/// Hands out the offsets one by one.
class Offsets {
  public:
    explicit Offsets(std::span<const double> values) : values_(values) {}
    double next() { return values_[used_++]; }

  private:
    std::span<const double> values_;
    std::size_t used_ = 0;
};

void slide_along_wall(const Place& size, Place& place, Offsets& offsets) {
    const std::size_t wall = wall_axis(size, place);
    for (std::size_t axis = 0; axis < 3; ++axis) {
        if (axis != wall) {
            place[axis] += step_length * offsets.next();
        }
    }
}

} // namespace

AcousticGeometry nominal_geometry(const AcousticParameters& p) {
    return {.membranes = p.membranes, .speakers = p.speakers, .microphones = p.microphones};
}

AcousticGeometry displaced_geometry(const AcousticParameters& p, std::span<const double> values) {
    if (values.size() != acoustic_displacements) {
        throw invalid_field("offsets", fmt::format("{} numbers; the cavity has {}", values.size(),
                                                   acoustic_displacements));
    }
    AcousticGeometry g = nominal_geometry(p);
    Offsets offsets(values);
    for (Place& place : g.membranes) {
        slide_along_wall(p.size, place, offsets);
    }
    for (Place& place : g.speakers) {
        slide_along_wall(p.size, place, offsets);
    }
    for (Place& place : g.microphones) {
        for (double& coordinate : place) {
            coordinate += step_length * offsets.next();
        }
    }
    g.warming = most_warming * std::tanh(step_temperature * offsets.next() / most_warming);
    return g;
}

} // namespace phyll::physics
