#pragma once

#include <cstddef>
#include <vector>

namespace phyll::physics {

/// A ladder of resistors and capacitors with a pair of anti-parallel diodes at each node, driven by
/// a DAC at one end, open at the other, read by an ADC. The defaults are those of the simulated rig
/// "electronic"; nothing else states them.
struct ElectronicParameters {
    // The ladder: C v_j' = (v_{j-1} - v_j)/R + (v_{j+1} - v_j)/R - 2 Is sinh(v_j / (n Vt)), v_0 the
    // DAC. Its diodes are 1N4148.
    std::size_t stages = 5;
    double resistance = 2e3;             ///< ohm
    double capacitance = 50e-9;          ///< F
    bool diodes = true;                  ///< false is a linear device
    double saturation_current = 2.52e-9; ///< A; Is
    double ideality = 1.752;             ///< n
    double thermal_voltage = 25.85e-3;   ///< V; Vt = kT/q, at 300 K

    // The DAC: sample k is v = dac_low + (dac_high - dac_low) x_k for one hold time. The range is
    // off-centre on purpose: around 0 V the ladder would be an odd function of x - 1/2 and make no
    // product of two inputs.
    std::size_t dac_samples = 20;
    double dac_low = -2.0;     ///< V
    double dac_high = 3.0;     ///< V
    double hold_time = 100e-6; ///< s

    // The ADC: nodes (1 is next to the DAC) at the end of DAC samples adc_first, adc_first +
    // adc_every, ... (the first sample is 1).
    std::vector<std::size_t> adc_nodes{1, 3};
    std::size_t adc_first = 2;
    std::size_t adc_every = 2;
    unsigned adc_bits = 12; ///< 0: not quantised
    double adc_range = 0.0; ///< V; reads -range to range; 0: the one that fits, see `adc_range_of`

    std::size_t steps_per_sample = 8; ///< time steps per DAC sample

    bool operator==(const ElectronicParameters&) const = default;
};

/// Throws INVALID_ARGUMENT naming the parameter that is wrong and what would be right.
void check(const ElectronicParameters& parameters);

/// One number that the ADC gives: which node, at the end of which DAC sample, both from 1.
struct ElectronicReading {
    std::size_t node;
    std::size_t sample;
};

/// What is read, in the order of the outputs: instant by instant, at each the nodes as given.
[[nodiscard]] std::vector<ElectronicReading> readings_of(const ElectronicParameters& parameters);

/// The ADC's range in V: `adc_range`, or when that is 0 the smallest of 0.1, 0.2, 0.5, 1, 2, 5, ...
/// that the read nodes of the nominal device stay within, whatever the stimulus.
[[nodiscard]] double adc_range_of(const ElectronicParameters& parameters);

/// Duration of the stimulus, in s.
[[nodiscard]] double waveform_time(const ElectronicParameters& parameters);

/// How long, in s, the DAC must rest at 0 V before a sample for the ladder to have forgotten the
/// one before: until the slowest mode of the ladder, diodes left out, has fallen to half a step of
/// the ADC, of 12 bits if it does not quantise. Diodes only make it faster. The model itself starts
/// at rest and does not compute this time.
[[nodiscard]] double rest_time(const ElectronicParameters& parameters);

} // namespace phyll::physics
