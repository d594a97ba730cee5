#include "sim/physics/electronic/parameters.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/require.hpp"
#include "sim/physics/electronic/components.hpp"
#include "sim/physics/kernels/electronic_kernel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace phyll::physics {
namespace {

constexpr std::size_t most_samples = 1024;
constexpr std::size_t most_steps = 4096;
constexpr unsigned most_bits = 16;
constexpr unsigned bits_when_not_quantised = 12;

void check_ladder(const ElectronicParameters& p) {
    require_between("stages", p.stages, 1, kernels::electronic_max_stages);
    require_positive("resistance", p.resistance);
    require_positive("capacitance", p.capacitance);
    require_positive("saturation_current", p.saturation_current);
    require_positive("ideality", p.ideality);
    require_positive("thermal_voltage", p.thermal_voltage);
}

void check_dac(const ElectronicParameters& p) {
    require_between("dac_samples", p.dac_samples, 1, most_samples);
    if (!std::isfinite(p.dac_low)) {
        throw invalid_field("dac_low", fmt::format("{}; a finite number is expected", p.dac_low));
    }
    if (!std::isfinite(p.dac_high) || p.dac_high <= p.dac_low) {
        throw invalid_field("dac_high", fmt::format("{} V; valid is more than dac_low, {} V",
                                                    p.dac_high, p.dac_low));
    }
    require_positive("hold_time", p.hold_time);
    require_between("steps_per_sample", p.steps_per_sample, 1, most_steps);
}

void check_adc(const ElectronicParameters& p) {
    if (p.adc_nodes.empty()) {
        throw invalid_field("adc_nodes", "none; at least one node must be read");
    }
    for (const std::size_t node : p.adc_nodes) {
        require_between("adc_nodes", node, 1, p.stages);
        if (std::ranges::count(p.adc_nodes, node) > 1) {
            throw invalid_field("adc_nodes", fmt::format("node {} is there twice", node));
        }
    }
    require_between("adc_first", p.adc_first, 1, p.dac_samples);
    require_between("adc_every", p.adc_every, 1, most_samples);
    require_between("adc_bits", p.adc_bits, 0, most_bits);
    require_not_negative("adc_range", p.adc_range);
}

/// The furthest from 0 V that a node of the nominal device gets. Currents between nodes only ever
/// pull them together, so a lasting extreme of the DAC drives every node further than any other
/// waveform does.
double furthest_of(const ElectronicParameters& p) {
    double furthest = 0.0;
    for (const double source : {p.dac_low, p.dac_high}) {
        const std::vector<double> v = steady_state(nominal_components(p), source);
        for (const std::size_t node : p.adc_nodes) {
            furthest = std::max(furthest, std::abs(v[node - 1]));
        }
    }
    return furthest;
}

} // namespace

void check(const ElectronicParameters& parameters) {
    check_ladder(parameters);
    check_dac(parameters);
    check_adc(parameters);
}

std::vector<ElectronicReading> readings_of(const ElectronicParameters& p) {
    std::vector<ElectronicReading> readings;
    for (std::size_t sample = p.adc_first; sample <= p.dac_samples; sample += p.adc_every) {
        for (const std::size_t node : p.adc_nodes) {
            readings.push_back({.node = node, .sample = sample});
        }
    }
    return readings;
}

double adc_range_of(const ElectronicParameters& p) {
    if (p.adc_range > 0) {
        return p.adc_range;
    }
    const double furthest = furthest_of(p);
    const double decade = std::pow(10.0, std::floor(std::log10(furthest)));
    for (const double step : {1.0, 2.0, 5.0}) {
        if (step * decade >= furthest) {
            return step * decade;
        }
    }
    return 10 * decade;
}

double waveform_time(const ElectronicParameters& p) {
    return static_cast<double>(p.dac_samples) * p.hold_time;
}

/// The slowest rate of N equal stages, one end driven, the other open, is
/// 4/RC sin^2(pi / (2 (2N + 1))).
double rest_time(const ElectronicParameters& p) {
    const double sine = std::sin(std::numbers::pi / (2.0 * static_cast<double>(2 * p.stages + 1)));
    const double rate = 4 * sine * sine / (p.resistance * p.capacitance);
    const unsigned bits = p.adc_bits > 0 ? p.adc_bits : bits_when_not_quantised;
    return (bits + 1) * std::numbers::ln2 / rate;
}

} // namespace phyll::physics
