#pragma once

#include "drivers/audio/limits.hpp"
#include "drivers/core/multitone.hpp"

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace phyll::rigs {

namespace v1 {
class AcousticInstrumentsOptions;
} // namespace v1

struct AcousticSettings {
    std::vector<std::size_t> outputs; ///< of the sound card, from 0
    std::vector<std::size_t> inputs;
    Multitone multitone;
    std::vector<MultitoneBin> bins;
    double tone_amplitude = 0.0;     ///< share of full scale
    std::vector<double> given_gains; ///< empty: a calibration measures them
    double rate = 0.0;               ///< frames a second
    std::size_t rest = 0;            ///< frames
    std::size_t settle = 0;
    std::size_t window = 0;
    std::size_t fade = 0;
    std::size_t samples_per_block = 1;
    std::size_t most_following = 1; ///< samples: with `follow` all are in one block
    double full_scale = 1.0;        ///< Pa
    audio::Limits limits;
    double limit_pressure = 0.0; ///< Pa; 0: not limited
    double marker_amplitude = 0.0;
    double marker_least = 0.0;
    double level_tolerance = 0.0;
    unsigned retakes = 0;

    /// As they are before a calibration says.
    [[nodiscard]] std::vector<double> nominal_gains() const {
        return given_gains.empty() ? std::vector<double>(multitone.tones, 1.0) : given_gains;
    }
    [[nodiscard]] double seconds(std::size_t frames) const noexcept {
        return static_cast<double>(frames) / rate;
    }
    [[nodiscard]] std::size_t frames(double seconds) const noexcept {
        return static_cast<std::size_t>(std::lround(seconds * rate));
    }
};

/// Throws INVALID_ARGUMENT naming the option that is wrong. Every default is filled in.
[[nodiscard]] AcousticSettings acoustic_settings(const v1::AcousticInstrumentsOptions& options);

/// What changes what a calibration measures.
[[nodiscard]] std::string in_words(const AcousticSettings& settings);

} // namespace phyll::rigs
