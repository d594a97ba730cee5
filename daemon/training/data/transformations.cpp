#include "daemon/training/data/transformations.hpp"

#include "daemon/training/data/image.hpp"
#include "daemon/training/statistics.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <cassert>
#include <limits>
#include <utility>

namespace phyll::training {
namespace {

constexpr double most_pixels = 1e6;
constexpr double most_degrees = 360.0;
constexpr double most_deviations = 1e6;

/// `end` itself is valid only where that is said.
void check_extent(const char* setting, double value, double end, bool with_end) {
    const bool valid = value >= 0.0 && (value < end || (with_end && value == end));
    if (!valid) {
        throw Error(Code::invalid_argument,
                    fmt::format("{} {} of transformations; valid is 0 to {}{}", setting, value,
                                with_end ? "" : "less than ", end));
    }
}

bool warps_images(const TransformationSettings& settings) {
    return settings.shift > 0.0 || settings.rotation > 0.0 || settings.scale > 0.0;
}

/// The low 32 bits are the second number.
std::uint64_t joined_counters(std::size_t first, std::size_t second) {
    assert(first <= std::numeric_limits<std::uint32_t>::max() &&
           second <= std::numeric_limits<std::uint32_t>::max());
    return std::uint64_t{first} << 32U | std::uint64_t{second};
}

} // namespace

Transformations::Transformations(Samples inputs, std::vector<std::uint32_t> training,
                                 const TransformationSettings& settings, std::uint64_t seed)
    : inputs_(std::move(inputs)),
      training_(std::move(training)),
      settings_(settings),
      warps_(seed, "warps of samples"),
      noise_(seed, "noise on samples") {
    check_extent("shift", settings.shift, most_pixels, true);
    check_extent("rotation", settings.rotation, most_degrees, true);
    check_extent("scale", settings.scale, 1.0, false);
    check_extent("noise", settings.noise, most_deviations, true);
    if (warps_images(settings) && !inputs_.image()) {
        throw Error(Code::invalid_argument,
                    "shift, rotation and scale of transformations need images, and these samples "
                    "are none; noise needs none");
    }
    if (settings.noise > 0.0) {
        const SampleRows rows(
            inputs_.features(), training_.size(),
            [this](std::size_t i, std::span<float> into) { inputs_.read(training_[i], into); });
        for (const Moments& of_feature : moments_of(rows)) {
            deviation_.push_back(static_cast<float>(settings.noise * of_feature.deviation));
        }
    }
}

void Transformations::read(std::size_t sample, std::size_t copy, std::size_t epoch,
                           std::span<float> into) const {
    inputs_.read(training_.at(sample), into);
    const std::uint64_t place = joined_counters(epoch, sample);
    const std::uint64_t draw = joined_counters(copy, 0);
    if (warps_images(settings_)) {
        warp(place, draw, into);
    }
    if (!deviation_.empty()) {
        add_noise(place, draw, into);
    }
}

void Transformations::warp(std::uint64_t place, std::uint64_t draw, std::span<float> image) const {
    const auto either_way = [&](double extent, std::uint64_t number) {
        return extent * (2.0 * warps_.uniform(place, draw + number) - 1.0);
    };
    const Warp warp{.down = either_way(settings_.shift, 0),
                    .right = either_way(settings_.shift, 1),
                    .degrees = either_way(settings_.rotation, 2),
                    .scale = 1.0 + either_way(settings_.scale, 3)};
    const std::vector<float> original(image.begin(), image.end());
    warp_image(*inputs_.image(), warp, original, image);
}

void Transformations::add_noise(std::uint64_t place, std::uint64_t draw,
                                std::span<float> values) const {
    for (std::size_t f = 0; f < values.size(); f += 2) {
        const auto [first, second] = noise_.normal_pair(place, draw + f / 2);
        values[f] += deviation_[f] * static_cast<float>(first);
        if (f + 1 < values.size()) {
            values[f + 1] += deviation_[f + 1] * static_cast<float>(second);
        }
    }
}

} // namespace phyll::training
