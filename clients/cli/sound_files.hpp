#pragma once

#include <phyll/v1/rigs.pb.h>

#include <cstddef>
#include <string>
#include <vector>

namespace phyll::cli {

/// What microphones heard as a WAV file of float samples, 1 being full scale. Throws DATA_LOSS when
/// it has other samples than it says.
[[nodiscard]] std::vector<std::byte> wav_of(const v1::SoundSnapshot& sound);

/// Amplitudes over frequency, averaged over all of it, in dB: of a tone's, against 20 uPa where the
/// rig knows its microphones' sensitivity, else against full scale.
struct Spectrum {
    std::string unit;                        ///< "dB SPL", "dBFS"
    double spacing = 0.0;                    ///< Hz, from one to the next, 0 being the first
    std::vector<std::vector<double>> levels; ///< of each microphone
};
/// Throws DATA_LOSS as `wav_of` does, FAILED_PRECONDITION when there is too little of it.
[[nodiscard]] Spectrum spectrum_of(const v1::SoundSnapshot& sound);

/// A spectrum as a PNG file, up to somewhat beyond the highest frequency that the rig knows.
[[nodiscard]] std::vector<std::byte> picture_of(const v1::SoundSnapshot& sound,
                                                const Spectrum& spectrum, const std::string& title);

/// The frequencies that the rig knows, a line each, with the level of the microphone that hears it
/// loudest and a bar.
[[nodiscard]] std::string lines_of(const v1::SoundSnapshot& sound, const Spectrum& spectrum);

} // namespace phyll::cli
