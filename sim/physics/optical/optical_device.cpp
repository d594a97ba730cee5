#include "sim/physics/optical/optical_device.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/kernels/normal.hpp"
#include "drivers/core/random.hpp"
#include "sim/physics/kernels/camera_kernel.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace phyll::physics {
namespace {

/// What one task computes: so many samples by so many super-pixels.
constexpr std::size_t tile_samples = 64;
constexpr std::size_t tile_outputs = 512;

/// Random stimuli that the exposure is set on.
constexpr std::size_t exposures = 64;

std::size_t divide_up(std::size_t a, std::size_t b) {
    return (a + b - 1) / b;
}

/// The nearest level, halves upwards: exactly what std::lround says, as the journal asks it.
std::size_t level_of(float drive, float top) {
    const float place = drive * top;
    const auto below = static_cast<std::size_t>(place);
    return below + (place - static_cast<float>(below) >= 0.5F ? 1 : 0);
}

} // namespace

OpticalDevice::OpticalDevice(const OpticalParameters& parameters, std::uint64_t seed,
                             Workers& workers)
    : parameters_((check(parameters), parameters)),
      workers_(workers),
      medium_(seed, parameters.inputs(), parameters.outputs, parameters.grains, workers),
      noise_key_(derive_key(seed, "camera noise")) {
    for (std::size_t level = 0; level < parameters.levels; ++level) {
        const double drive =
            static_cast<double>(level) / static_cast<double>(parameters.levels - 1);
        if (parameters.modulation == OpticalModulation::amplitude) {
            field_real_.push_back(static_cast<float>(drive));
            continue;
        }
        field_real_.push_back(static_cast<float>(std::cos(parameters.phase_range * drive)));
        field_imaginary_.push_back(static_cast<float>(std::sin(parameters.phase_range * drive)));
    }
    set_exposure();
}

void OpticalDevice::set_exposure() {
    const KeyedRandom random(0, "exposure"); // the same stimuli for every device
    OwnedBlock x(parameters_.inputs(), exposures);
    for (std::size_t i = 0; i < exposures; ++i) {
        for (std::size_t k = 0; k < x.channels(); ++k) {
            x.sample(i)[k] = static_cast<float>(random.uniform(i, k));
        }
    }
    OwnedBlock intensity(parameters_.outputs, exposures);
    electrons(x.view(), intensity.view(), {});
    double sum = 0.0;
    for (const float value : intensity.view().values()) {
        sum += static_cast<double>(value);
    }
    const double mean = sum / static_cast<double>(intensity.view().size());
    electrons_per_intensity_ =
        static_cast<float>(parameters_.exposure * parameters_.full_well / mean);
}

void OpticalDevice::modulate(ConstBlock x, std::span<float> real,
                             std::span<float> imaginary) const {
    const auto top = static_cast<float>(parameters_.levels - 1);
    const std::span<const float> drives = x.values();
    for (std::size_t k = 0; k < drives.size(); ++k) {
        const std::size_t level = level_of(drives[k], top);
        real[k] = field_real_[level];
        if (!imaginary.empty()) {
            imaginary[k] = field_imaginary_[level];
        }
    }
}

template <class Then>
void OpticalDevice::for_each_tile(ConstBlock x, Block y, const std::stop_token& stop,
                                  const Then& then) const {
    const std::size_t across = divide_up(parameters_.outputs, tile_outputs);
    workers_.run(divide_up(x.samples(), tile_samples) * across, [&](std::size_t task) {
        if (stop.stop_requested()) {
            throw Error(Code::cancelled, "the query was stopped");
        }
        const std::size_t first = task / across * tile_samples;
        const std::size_t samples = std::min(tile_samples, x.samples() - first);
        const std::size_t output = task % across * tile_outputs;
        const std::size_t outputs = std::min(tile_outputs, parameters_.outputs - output);
        std::vector<float> real(samples * x.channels());
        std::vector<float> imaginary(field_imaginary_.empty() ? 0 : real.size());
        modulate(x.slice(first, samples), real, imaginary);
        medium_.intensity({.real = real.data(),
                           .imaginary = imaginary.empty() ? nullptr : imaginary.data(),
                           .samples = samples},
                          output, outputs, electrons_per_intensity_,
                          y.sample(first).data() + output, y.channels());
        then(first, samples, output, outputs);
    });
}

void OpticalDevice::electrons(ConstBlock x, Block y, const std::stop_token& stop) const {
    for_each_tile(x, y, stop, [](std::size_t, std::size_t, std::size_t, std::size_t) {});
}

void OpticalDevice::respond(ConstBlock x, Block y, const Identity& identity,
                            const std::stop_token& stop) const {
    const auto largest = static_cast<float>(parameters_.largest_count());
    const kernels::CameraPlan camera{
        .counts_per_electron = largest / static_cast<float>(parameters_.full_well),
        .largest_count = largest,
        .read_variance = static_cast<float>(parameters_.read_noise * parameters_.read_noise),
        .noise = static_cast<float>(parameters_.camera_noise)};
    const std::uint64_t key = KeyedRandom(noise_key_).bits(identity.key);
    for_each_tile(
        x, y, stop,
        [&](std::size_t first, std::size_t samples, std::size_t output, std::size_t outputs) {
            std::vector<float> normal(outputs);
            for (std::size_t i = first; i < first + samples; ++i) {
                if (camera.noise != 0.0F) {
                    phyll::kernels::phyll_normals(key, identity.number + i, output, outputs,
                                                  normal.data());
                }
                kernels::phyll_camera(&camera, outputs, normal.data(), y.sample(i).data() + output);
            }
        });
}

} // namespace phyll::physics
