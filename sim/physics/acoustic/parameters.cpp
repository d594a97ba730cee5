#include "sim/physics/acoustic/parameters.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/require.hpp"
#include "sim/physics/kernels/acoustic_kernel.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string>

namespace phyll::physics {
namespace {

bool is_whole(double value) {
    return std::abs(value - std::round(value)) < 1e-6 * std::max(1.0, std::abs(value));
}

void require_inside(const AcousticParameters& p, const char* name, const Place& place) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
        if (place[axis] < 0 || place[axis] > p.size[axis]) {
            throw invalid_field(
                name,
                fmt::format("({}, {}, {}) m is outside the cavity; every place must be inside",
                            place[0], place[1], place[2]));
        }
    }
}

void check_device(const AcousticParameters& p) {
    require_positive("length", p.size[0]);
    require_positive("width", p.size[1]);
    require_positive("height", p.size[2]);
    require_positive("density", p.density);
    require_positive("speed_of_sound", p.speed_of_sound);
    require_not_negative("highest_mode", p.highest_mode);
    require_positive("reverberation_time", p.reverberation_time);
    for (const double resonance : p.resonances) {
        require_positive("resonances", resonance);
    }
    require_not_negative("membrane_area", p.membrane_area);
    require_positive("membrane_mass", p.membrane_mass);
    require_positive("membrane_q", p.membrane_q);
    require_positive("stiffening", p.stiffening);
    require_not_negative("nonlinearity", p.nonlinearity);
    for (const Place& place : p.membranes) {
        require_inside(p, "membranes", place);
    }
    for (const Place& place : p.speakers) {
        require_inside(p, "speakers", place);
    }
    for (const Place& place : p.microphones) {
        require_inside(p, "microphones", place);
    }
}

void check_window(const AcousticParameters& p) {
    if (!is_whole(p.settle_time * p.sample_rate) || !is_whole(p.window_time * p.sample_rate)) {
        throw invalid_field("sample_rate",
                            fmt::format("{} Hz; settle_time and window_time must be whole numbers "
                                        "of samples",
                                        p.sample_rate));
    }
    for (std::size_t k = 0; k < p.tones; ++k) {
        if (!is_whole(p.tone(k) * p.window_time)) {
            throw invalid_field("window_time",
                                fmt::format("{} s; the tone at {} Hz has no whole number of "
                                            "periods in it",
                                            p.window_time, p.tone(k)));
        }
    }
    for (const AcousticBin& bin : acoustic_bins(p)) {
        if (!is_whole(bin.frequency * p.window_time) || 2 * bin.frequency >= p.sample_rate) {
            throw invalid_field("bins", fmt::format("{} Hz cannot be read in a window of {} s at "
                                                    "{} samples a second",
                                                    bin.frequency, p.window_time, p.sample_rate));
        }
    }
}

void check_drive(const AcousticParameters& p) {
    if (p.tones == 0 || p.tones > kernels::acoustic_max_tones) {
        throw invalid_field(
            "tones", fmt::format("{}; valid is 1 to {}", p.tones, kernels::acoustic_max_tones));
    }
    if (p.bins == AcousticBins::intermodulation && p.tones < least_tones_for_intermodulation) {
        throw invalid_field("tones",
                            fmt::format("{}; with intermodulation bins valid is {} or more",
                                        p.tones, least_tones_for_intermodulation));
    }
    require_positive("lowest_tone", p.lowest_tone);
    require_positive("tone_spacing", p.tone_spacing);
    require_positive("drive", p.drive);
    require_positive("sample_rate", p.sample_rate);
    require_not_negative("settle_time", p.settle_time);
    require_positive("window_time", p.window_time);
}

} // namespace

std::size_t AcousticParameters::settle_steps() const noexcept {
    return static_cast<std::size_t>(std::lround(settle_time * sample_rate));
}

std::size_t AcousticParameters::window_steps() const noexcept {
    return static_cast<std::size_t>(std::lround(window_time * sample_rate));
}

void check(const AcousticParameters& parameters) {
    check_device(parameters);
    check_drive(parameters);
    check_window(parameters);
}

std::vector<AcousticBin> acoustic_bins(const AcousticParameters& p) {
    return multitone_bins(p.multitone(), p.bins, kernels::acoustic_microphones);
}

} // namespace phyll::physics
