#include "sim/physics/electronic/components.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

namespace phyll::physics {
namespace {

constexpr double spread = 0.5; // of ln R, ln C and ln Is per offset
constexpr double slope_spread = 0.05;
constexpr double most = 3 * std::numbers::ln10;  // of a logarithm: a factor of 1000
constexpr double most_slope = std::numbers::ln2; // a factor of 2

double factor(double logarithm, double limit) {
    return std::exp(limit * std::tanh(logarithm / limit));
}

double root_mean_square(std::span<const double> values) {
    double square = 0.0;
    for (const double value : values) {
        square += value * value / static_cast<double>(values.size());
    }
    return std::sqrt(square);
}

/// Voltages that the stages would have if the last node were at `end`; returns that of the source.
double source_for(const ElectronicComponents& components, double end, std::vector<double>& v) {
    double current = 0.0; // through the resistor before the node
    double voltage = end;
    for (std::size_t j = components.size(); j-- > 0;) {
        const ElectronicStage& stage = components[j];
        v[j] = voltage;
        if (stage.saturation_current > 0) {
            current += 2 * stage.saturation_current * std::sinh(voltage / stage.slope);
        }
        voltage += stage.resistance * current;
    }
    return voltage;
}

} // namespace

ElectronicComponents nominal_components(const ElectronicParameters& p) {
    return ElectronicComponents(p.stages,
                                {.resistance = p.resistance,
                                 .capacitance = p.capacitance,
                                 .saturation_current = p.diodes ? p.saturation_current : 0.0,
                                 .slope = p.ideality * p.thermal_voltage});
}

ElectronicComponents displaced_components(const ElectronicParameters& p,
                                          std::span<const double> offsets) {
    if (offsets.size() != electronic_displacements(p.stages)) {
        throw invalid_field("offsets", fmt::format("{} numbers; the ladder has {}", offsets.size(),
                                                   electronic_displacements(p.stages)));
    }
    ElectronicComponents components = nominal_components(p);
    const double wear = root_mean_square(offsets);
    for (std::size_t j = 0; j < p.stages; ++j) {
        const auto offset = offsets.subspan(4 * j, 4);
        const auto grown = [&](double by) {
            return factor(j == 0 ? wear + spread * std::abs(by) : spread * by, most);
        };
        ElectronicStage& stage = components[j];
        stage.resistance *= grown(offset[0]);
        stage.capacitance *= grown(offset[1]);
        stage.saturation_current *= factor(spread * offset[2], most);
        stage.slope *= factor(slope_spread * offset[3], most_slope);
    }
    return components;
}

/// The source's voltage rises with that of the last node, which lies between 0 and the source.
std::vector<double> steady_state(const ElectronicComponents& components, double source) {
    std::vector<double> v(components.size());
    double low = 0.0;
    double high = std::abs(source);
    for (double middle = (low + high) / 2; middle > low && middle < high;
         middle = (low + high) / 2) {
        (source_for(components, middle, v) < std::abs(source) ? low : high) = middle;
    }
    static_cast<void>(source_for(components, low, v));
    for (double& voltage : v) {
        voltage = std::copysign(voltage, source);
    }
    return v;
}

} // namespace phyll::physics
