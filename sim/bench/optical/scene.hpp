#pragma once

#include "drivers/core/random.hpp"
#include "drivers/core/workers.hpp"
#include "sim/bench/optical/virtual_camera.hpp"
#include "sim/physics/optical/optical_device.hpp"
#include "sim/physics/optical/parameters.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace phyll::bench {

/// What a display shows, as light meets it.
struct SeenPicture {
    std::size_t width = 0;
    std::size_t height = 0;
    std::vector<std::uint8_t> levels; ///< row by row
};

/// The light between a display and a camera's sensor: the simulated rig's medium. The device's
/// pixels are squares of the display, as large as fit, in its middle. Its super-pixels are squares
/// on the sensor, in rows that make them a square, from the corner (0, 0) on; all pixels of one see
/// the same.
///
/// At the nominal exposure and gain 0, without noise, a frame has the counts of the simulated rig.
/// Noise is a function of (seed, number of the frame, super-pixel). Thread rule: one caller at a
/// time.
class Scene {
  public:
    struct Nature {
        physics::OpticalParameters device{};
        std::uint64_t device_seed = 1;
        std::uint64_t noise_seed = 1;
        std::size_t side = 4;            ///< of a super-pixel, in pixels of the sensor
        double nominal_exposure = 0.005; ///< s, with which the device's mean signal is reached
    };
    Scene(const Nature& nature, std::function<SeenPicture()> see);

    /// Fills in the counts of the frame that is exposed now.
    void look(const Exposure& exposure, std::span<std::uint16_t> counts);

  private:
    [[nodiscard]] std::vector<float> drives() const;
    /// Of each super-pixel, with all that a camera does to it.
    [[nodiscard]] std::vector<float> super_pixels(const Exposure& exposure);

    const Nature nature_;
    const std::function<SeenPicture()> see_;
    Workers workers_{1};
    physics::OpticalDevice device_;
    const std::uint64_t noise_key_;
    const std::size_t columns_;
    std::uint64_t frames_ = 0;
};

} // namespace phyll::bench
