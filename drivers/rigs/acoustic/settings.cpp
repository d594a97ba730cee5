#include "drivers/rigs/acoustic/settings.hpp"

#include "drivers/core/error.hpp"
#include "drivers/rigs/acoustic/acoustic.pb.h"
#include "drivers/rigs/acoustic/signal.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace phyll::rigs {
namespace {

/// Of a block with its markers: a sound card takes 20 s with what is recorded after it.
constexpr double longest_block = 18.0; // s

bool is_whole(double value) {
    return std::abs(value - std::round(value)) < 1e-6;
}

template <class Numbers>
std::vector<std::size_t> channels_from(const char* field, const Numbers& numbers,
                                       std::size_t otherwise) {
    std::vector<std::size_t> channels;
    for (const auto number : numbers) {
        if (std::ranges::count(numbers, number) > 1) {
            throw invalid_field(field, fmt::format("{} is there twice", number));
        }
        channels.push_back(number - 1);
    }
    while (numbers.empty() && channels.size() < otherwise) {
        channels.push_back(channels.size());
    }
    return channels;
}

void read_tones(const v1::AcousticInstrumentsOptions& options, AcousticSettings& settings) {
    settings.multitone = {.tones = options.tones(),
                          .lowest = options.lowest_tone(),
                          .spacing = options.tone_spacing()};
    const bool intermodulation = options.bins() == "intermodulation";
    if (intermodulation && options.tones() < least_tones_for_intermodulation) {
        throw invalid_field("tones",
                            fmt::format("{}; with intermodulation bins valid is {} or more",
                                        options.tones(), least_tones_for_intermodulation));
    }
    settings.bins = multitone_bins(
        settings.multitone, intermodulation ? MultitoneBins::intermodulation : MultitoneBins::drive,
        settings.inputs.size());
    settings.tone_amplitude = options.tone_amplitude();
    settings.given_gains.assign(options.tone_gains().begin(), options.tone_gains().end());
    if (!settings.given_gains.empty() && settings.given_gains.size() != options.tones()) {
        throw invalid_field("tone_gains",
                            fmt::format("{} of them for {} tones; valid is one each, "
                                        "or none",
                                        settings.given_gains.size(), options.tones()));
    }
}

void require_readable(const AcousticSettings& settings, double frequency) {
    const double window = settings.seconds(settings.window);
    if (!is_whole(frequency * window)) {
        throw invalid_field(
            "window_time",
            fmt::format("{:g} s; {:g} Hz has no whole number of periods in it", window, frequency));
    }
    if (2 * frequency >= settings.rate) {
        throw invalid_field("sample_rate",
                            fmt::format("{:g} Hz; {:g} Hz needs more than twice as many",
                                        settings.rate, frequency));
    }
}

void read_times(const v1::AcousticInstrumentsOptions& options, AcousticSettings& settings) {
    settings.rate = options.sample_rate();
    const auto frames = [&](const char* field, double seconds) {
        if (!is_whole(seconds * settings.rate)) {
            throw invalid_field(field,
                                fmt::format("{:g} s; valid are whole numbers of frames at {:g} Hz",
                                            seconds, settings.rate));
        }
        return settings.frames(seconds);
    };
    settings.rest = frames("rest_time", options.rest_time());
    settings.settle = frames("settle_time", options.settle_time());
    settings.window = frames("window_time", options.window_time());
    settings.fade = frames("fade_time", options.fade_time());
    if (settings.fade > settings.rest || settings.fade > settings.settle) {
        throw invalid_field("fade_time",
                            fmt::format("{:g} s; valid is at most rest_time, {:g} s, and "
                                        "settle_time, {:g} s",
                                        options.fade_time(), options.rest_time(),
                                        options.settle_time()));
    }
    for (std::size_t k = 0; k < settings.multitone.tones; ++k) {
        require_readable(settings, settings.multitone.frequency(k));
    }
    for (const MultitoneBin& bin : settings.bins) {
        require_readable(settings, bin.frequency);
    }
    const Marker marker(settings);
    const std::size_t none = BlockLayout(settings, marker, 0, false).frames();
    const std::size_t stride = settings.rest + settings.settle + settings.window;
    const std::size_t room = settings.frames(longest_block);
    if (none + stride > room) {
        throw invalid_field("rest_time",
                            fmt::format("{:g} s; with settle_time, window_time and the marker one "
                                        "sample takes {:g} s, and {:g} s is the most",
                                        options.rest_time(), settings.seconds(none + stride),
                                        longest_block));
    }
    const std::size_t most = (room - none) / stride;
    settings.samples_per_block = options.samples_per_block();
    if (settings.samples_per_block > most) {
        throw invalid_field("samples_per_block",
                            fmt::format("{}; valid is at most {}, which take {:g} s",
                                        settings.samples_per_block, most, longest_block));
    }
    settings.most_following = most;
}

/// What the loudest output needs when all of its tones are at full drive.
double needed(const AcousticSettings& settings) {
    std::vector<double> sums(settings.outputs.size());
    const std::vector<double> gains = settings.nominal_gains();
    for (std::size_t k = 0; k < gains.size(); ++k) {
        sums[k % sums.size()] += settings.tone_amplitude * gains[k];
    }
    return std::ranges::max(sums);
}

void read_limits(const v1::AcousticInstrumentsOptions& options, AcousticSettings& settings) {
    const double needs = std::max(needed(settings), options.marker_amplitude());
    // Float samples round.
    const double otherwise = settings.given_gains.empty() ? 1.0 : std::min(1.0, 1.0001 * needs);
    settings.limits = {.peak = options.has_limit_peak() ? options.limit_peak() : otherwise,
                       .rms = options.limit_rms(),
                       .duty = options.limit_duty()};
    if (settings.limits.peak < options.marker_amplitude()) {
        throw invalid_field("limit_peak",
                            fmt::format("{:g}; the marker needs {:g} (marker_amplitude)",
                                        settings.limits.peak, options.marker_amplitude()));
    }
    settings.limits.check();
    settings.limit_pressure = options.limit_pressure();
}

} // namespace

AcousticSettings acoustic_settings(const v1::AcousticInstrumentsOptions& options) {
    AcousticSettings settings;
    settings.outputs = channels_from("outputs", options.outputs(), 4);
    settings.inputs = channels_from("inputs", options.inputs(), 2);
    read_tones(options, settings);
    read_times(options, settings);
    read_limits(options, settings);
    settings.full_scale = options.full_scale_pressure();
    settings.marker_amplitude = options.marker_amplitude();
    settings.marker_least = options.marker_least();
    settings.level_tolerance = options.level_tolerance();
    settings.retakes = options.retakes();
    return settings;
}

std::string in_words(const AcousticSettings& settings) {
    const Multitone& tones = settings.multitone;
    std::vector<std::size_t> outputs = settings.outputs;
    std::vector<std::size_t> inputs = settings.inputs;
    for (std::vector<std::size_t>* channels : {&outputs, &inputs}) {
        std::ranges::for_each(*channels, [](std::size_t& channel) { ++channel; });
    }
    std::string words = fmt::format(
        "{} tones from {:g} Hz by {:g} Hz at {:g} of full scale, outputs {}, inputs {}, {} bins "
        "to {:g} Hz, {:g} Hz, marker {:g}, rest {:g} s, settling {:g} s, window {:g} s, {:g} Pa",
        tones.tones, tones.lowest, tones.spacing, settings.tone_amplitude, fmt::join(outputs, "+"),
        fmt::join(inputs, "+"), settings.bins.size(), settings.bins.back().frequency, settings.rate,
        settings.marker_amplitude, settings.seconds(settings.rest),
        settings.seconds(settings.settle), settings.seconds(settings.window), settings.full_scale);
    if (!settings.given_gains.empty()) {
        words += fmt::format(", gains {:g}", fmt::join(settings.given_gains, " "));
    }
    return words;
}

} // namespace phyll::rigs
