#pragma once

#include "drivers/instruments/vna.hpp"

#include <cstddef>
#include <string>

namespace phyll::rigs {

namespace v1 {
class MicrowaveInstrumentsOptions;
} // namespace v1

/// What is made of S21 at a frequency.
enum class SweepResponse {
    abs,    ///< its absolute value
    abs2,   ///< the square of that
    complex ///< its real and its imaginary part
};

struct MicrowaveSettings {
    std::size_t atoms = 0;
    instruments::VnaSetup sweep;
    SweepResponse response = SweepResponse::abs;
    double settle_time = 0.0;    ///< s
    double path_gain = 0.0;      ///< dB
    double receiver_limit = 0.0; ///< dBm
    unsigned retakes = 0;

    /// What a sweep takes at least, in s.
    [[nodiscard]] double sweep_time() const noexcept;
    [[nodiscard]] std::size_t outputs_per_point() const noexcept {
        return response == SweepResponse::complex ? 2 : 1;
    }
};

/// Throws INVALID_ARGUMENT naming the option that is wrong.
[[nodiscard]] MicrowaveSettings microwave_settings(const v1::MicrowaveInstrumentsOptions& options);

/// What changes what a calibration measures.
[[nodiscard]] std::string in_words(const MicrowaveSettings& settings);

} // namespace phyll::rigs
