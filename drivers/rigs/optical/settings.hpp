#pragma once

#include "drivers/instruments/camera.hpp"
#include "drivers/rigs/optical/geometry.hpp"

#include <cstddef>
#include <string>

namespace phyll::rigs {

namespace v1 {
class OpticalInstrumentsOptions;
} // namespace v1

struct OpticalSettings {
    PictureGeometry picture;
    FrameGeometry frame;
    instruments::CameraSetup camera;
    bool phase = true;        ///< else the amplitude is modulated
    double phase_range = 0.0; ///< rad
    double exposure = 0.0;    ///< share of full scale that a calibration exposes for
    bool exposure_fixed = false;
    double settle_time = 0.0; ///< s
    std::size_t reference_every = 0;
    double reference_least = 0.0;
    unsigned retakes = 0;
    double brightness_tolerance = 0.0; ///< share
    bool overlap = true;
    bool twice = false;

    /// With its share of the references.
    [[nodiscard]] double captures_per_sample() const {
        return (twice ? 2.0 : 1.0) * (1.0 + 1.0 / static_cast<double>(reference_every));
    }
};

/// Throws INVALID_ARGUMENT naming the option that is wrong.
[[nodiscard]] OpticalSettings optical_settings(const v1::OpticalInstrumentsOptions& options);

/// What changes what a calibration measures.
[[nodiscard]] std::string in_words(const OpticalSettings& settings);

} // namespace phyll::rigs
