#include "sim/bench/optical/scene.hpp"

#include "drivers/core/kernels/normal.hpp"
#include "drivers/core/sample_block.hpp"
#include "sim/physics/kernels/camera_kernel.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace phyll::bench {
namespace {

constexpr float highest_level = 255.0F;

std::size_t columns_of(std::size_t outputs) {
    return static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(outputs))));
}

} // namespace

Scene::Scene(const Nature& nature, std::function<SeenPicture()> see)
    : nature_(nature),
      see_(std::move(see)),
      device_(nature.device, nature.device_seed, workers_),
      noise_key_(derive_key(nature.noise_seed, "optical bench")),
      columns_(columns_of(nature.device.outputs)) {}

std::vector<float> Scene::drives() const {
    const SeenPicture seen = see_();
    const physics::OpticalParameters& device = nature_.device;
    const std::size_t side =
        std::max<std::size_t>(1, std::min(seen.width / device.width, seen.height / device.height));
    const std::size_t left = (seen.width - std::min(seen.width, side * device.width)) / 2;
    const std::size_t top = (seen.height - std::min(seen.height, side * device.height)) / 2;
    std::vector<float> drives;
    drives.reserve(device.inputs());
    for (std::size_t row = 0; row < device.height; ++row) {
        for (std::size_t column = 0; column < device.width; ++column) {
            const std::size_t x = left + column * side + side / 2;
            const std::size_t y = top + row * side + side / 2;
            const std::size_t place = y * seen.width + x;
            const std::uint8_t level = place < seen.levels.size() ? seen.levels[place] : 0;
            drives.push_back(static_cast<float>(level) / highest_level);
        }
    }
    return drives;
}

std::vector<float> Scene::super_pixels(const Exposure& exposure) {
    const physics::OpticalParameters& device = nature_.device;
    const std::vector<float> x = drives();
    std::vector<float> y(device.outputs);
    device_.electrons({x.data(), x.size(), 1}, {y.data(), y.size(), 1}, {});
    // Of decibels of an amplitude, as cameras have them; before it the well is full or not.
    const double gain = std::pow(10.0, exposure.gain / 20.0);
    const auto light = static_cast<float>(exposure.seconds / nature_.nominal_exposure);
    const auto well = static_cast<float>(device.full_well);
    for (float& electrons : y) {
        electrons = std::min(electrons * light, well * 4.0F);
    }
    const auto largest = static_cast<float>((1U << exposure.bits) - 1U);
    const physics::kernels::CameraPlan camera{
        .counts_per_electron = static_cast<float>(gain) * largest / well,
        .largest_count = largest,
        .read_variance = static_cast<float>(device.read_noise * device.read_noise),
        .noise = static_cast<float>(device.camera_noise)};
    std::vector<float> normal(y.size());
    if (camera.noise != 0.0F) {
        phyll::kernels::phyll_normals(noise_key_, frames_, 0, y.size(), normal.data());
    }
    physics::kernels::phyll_camera(&camera, y.size(), normal.data(), y.data());
    return y;
}

void Scene::look(const Exposure& exposure, std::span<std::uint16_t> counts) {
    const std::vector<float> seen = super_pixels(exposure);
    ++frames_;
    for (std::size_t k = 0; k < counts.size(); ++k) {
        const std::size_t x = (exposure.x + k % exposure.width) * exposure.binning / nature_.side;
        const std::size_t y = (exposure.y + k / exposure.width) * exposure.binning / nature_.side;
        const std::size_t output = y * columns_ + x;
        counts[k] = x < columns_ && output < seen.size() ? static_cast<std::uint16_t>(seen[output])
                                                         : std::uint16_t{0};
    }
}

} // namespace phyll::bench
