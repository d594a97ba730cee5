#pragma once

#include <cstddef>
#include <vector>

namespace phyll {

/// Tones of equal spacing, of which each is one input of an acoustic rig: what the side that plays
/// and the side that listens, simulated or real, must agree on.
struct Multitone {
    std::size_t tones = 20;
    double lowest = 300.0;  ///< Hz
    double spacing = 140.0; ///< Hz

    [[nodiscard]] double frequency(std::size_t k) const noexcept {
        return lowest + spacing * static_cast<double>(k);
    }
    /// In rad, at time 0: -pi k (k + 1) / tones, which keeps the crest factor low (Schroeder, IEEE
    /// Trans. Inf. Theory 16:85, 1970).
    [[nodiscard]] double phase(std::size_t k) const noexcept;

    bool operator==(const Multitone&) const = default;
};

/// Which frequencies are listened to.
enum class MultitoneBins {
    drive,          ///< the drive's own tones
    intermodulation ///< 12 of the drive's tones and 8 frequencies that only a nonlinearity makes
};

/// What is listened to, in the order of the outputs.
struct MultitoneBin {
    double frequency;       ///< Hz
    bool driven;            ///< whether it is one of the drive's tones
    std::size_t microphone; ///< index: bin k is read at microphone k mod their number
};

/// Tones that `MultitoneBins::intermodulation` needs at least.
inline constexpr std::size_t least_tones_for_intermodulation = 12;

[[nodiscard]] std::vector<MultitoneBin> multitone_bins(const Multitone& multitone,
                                                       MultitoneBins bins, std::size_t microphones);

} // namespace phyll
