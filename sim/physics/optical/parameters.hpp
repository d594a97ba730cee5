#pragma once

#include <cstddef>
#include <numbers>

namespace phyll::physics {

enum class OpticalModulation {
    phase,    ///< a pixel turns the light's phase: s = exp(i phase_range x)
    amplitude ///< a pixel dims the light: s = x
};

/// A spatial light modulator, a scattering medium behind it and a camera behind that. The defaults
/// are those of the simulated rig "optical"; nothing else states them.
struct OpticalParameters {
    // The modulator: one input a pixel, row by row.
    std::size_t width = 28;
    std::size_t height = 28;
    OpticalModulation modulation = OpticalModulation::phase;
    double phase_range = std::numbers::pi; ///< rad; phase at full drive
    std::size_t levels = 256;              ///< distinct values of a pixel

    // The camera: one output a super-pixel, the mean over some speckle grains.
    std::size_t outputs = 500;
    std::size_t grains = 2;      ///< independent ones in a super-pixel; contrast 1/sqrt(grains)
    double exposure = 0.25;      ///< mean signal over random stimuli, as a share of full scale
    double full_well = 10'000.0; ///< electrons at full scale
    double read_noise = 5.0;     ///< electrons, standard deviation
    double camera_noise = 1.0;   ///< factor on shot and read noise; 0: none
    std::size_t bits = 8;        ///< of a count

    double frame_time = 0.02; ///< s; a pattern shown, settled and exposed

    [[nodiscard]] std::size_t inputs() const noexcept { return width * height; }
    [[nodiscard]] std::size_t largest_count() const noexcept {
        return (std::size_t{1} << bits) - 1;
    }

    bool operator==(const OpticalParameters&) const = default;
};

/// Throws INVALID_ARGUMENT naming the parameter that is wrong and what would be right.
void check(const OpticalParameters& parameters);

} // namespace phyll::physics
