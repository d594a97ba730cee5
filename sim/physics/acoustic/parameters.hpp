#pragma once

#include "drivers/core/multitone.hpp"

#include <array>
#include <cstddef>
#include <vector>

namespace phyll::physics {

/// A place in the cavity, in m from one corner.
using Place = std::array<double, 3>;

/// Which frequencies the microphones' signals are projected on.
using AcousticBins = MultitoneBins;

/// A loudspeaker-driven air cavity whose walls carry a few membranes of cubic stiffness. The
/// defaults are those of the simulated rig "acoustic"; nothing else states them.
struct AcousticParameters {
    // The air.
    Place size{0.24, 0.19, 0.14};     ///< m; walls are rigid but for the membranes
    double density = 1.204;           ///< kg/m^3
    double speed_of_sound = 343.2;    ///< m/s
    double highest_mode = 3300.0;     ///< Hz; modes up to here are kept
    double reverberation_time = 0.06; ///< s; decay of the free air by 60 dB

    // Membranes: m v' = -r v - k1 x - k3 x^3 + S p, with k1 from the resonance in vacuo, r from Q
    // and k3 = nonlinearity k1 / stiffening^2.
    std::array<Place, 4> membranes{
        {{0.1815, 0, 0.0718}, {0, 0.0764, 0.0592}, {0.0290, 0.1747, 0}, {0.1069, 0.1707, 0.14}}};
    std::array<double, 4> resonances{330, 520, 760, 1050}; ///< Hz
    double membrane_area = 25e-4;                          ///< m^2
    double membrane_mass = 0.25e-3;                        ///< kg
    double membrane_q = 2.0;   ///< beyond 10 the device no longer settles
    double stiffening = 30e-6; ///< m; travel at which the cubic force equals the linear one
    double nonlinearity = 1.0; ///< factor on k3; 0 is a linear device

    // Drive and reading. Tone k plays on speaker k mod 4 with phase -pi k (k + 1) / tones, which
    // keeps the crest low (Schroeder); bin k is read at microphone k mod 2.
    std::array<Place, 4> speakers{
        {{0, 0.0095, 0.133}, {0.2328, 0, 0.0084}, {0.2304, 0.1805, 0.14}, {0.012, 0.1786, 0}}};
    std::array<Place, 2> microphones{{{0.0048, 0.0057, 0.0028}, {0.2352, 0.1843, 0.0042}}};
    std::size_t tones = 20;
    double lowest_tone = 300.0;  ///< Hz
    double tone_spacing = 140.0; ///< Hz
    double drive = 3e-4;         ///< m^3/s; volume velocity of a tone at full drive and gain 1
    AcousticBins bins = AcousticBins::drive;

    // Time.
    double sample_rate = 16000.0; ///< Hz; one step of the integration each
    double settle_time = 0.05;    ///< s from rest, not listened to
    double window_time = 0.05;    ///< s listened to; every tone and bin has whole periods in it

    [[nodiscard]] Multitone multitone() const noexcept {
        return {.tones = tones, .lowest = lowest_tone, .spacing = tone_spacing};
    }
    [[nodiscard]] double tone(std::size_t k) const noexcept { return multitone().frequency(k); }
    /// Steps of the settling and of the window.
    [[nodiscard]] std::size_t settle_steps() const noexcept;
    [[nodiscard]] std::size_t window_steps() const noexcept;

    bool operator==(const AcousticParameters&) const = default;
};

/// Throws INVALID_ARGUMENT naming the parameter that is wrong and what would be right.
void check(const AcousticParameters& parameters);

using AcousticBin = MultitoneBin;
/// What is listened to, in the order of the outputs.
[[nodiscard]] std::vector<AcousticBin> acoustic_bins(const AcousticParameters& parameters);

} // namespace phyll::physics
