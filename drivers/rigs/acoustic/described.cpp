#include "drivers/rigs/acoustic/described.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace phyll::rigs {
namespace {

constexpr auto latency_name = "latency";
constexpr auto likeness_name = "likeness of two markers";
constexpr auto noise_name = "noise";
constexpr auto linear_name = "linear up to a drive of";
constexpr auto loudest_name = "peak pressure at full drive";
constexpr auto unsettled_name = "unsettled share of a response";
constexpr auto gains_name = "gain of each tone";
constexpr auto responses_name = "response at drives of 0.1, 0.2, 0.4, 0.7 and 1";
constexpr auto marker_name = "marker as heard";

/// Samples in one query: what is stopped is stopped within one.
constexpr std::size_t largest_batch = 1024;
constexpr double longest_latency = 10.0;    // s
constexpr double most_pressure = 1e6 * 1e3; // Pa
/// Amplitudes of what is cut off at full scale stay below this share of it.
constexpr double largest_amplitude = 2.0;

} // namespace

Calibration described(const AcousticCalibration& measured, const AcousticSettings& settings) {
    Calibration calibration{
        .quantities = {{latency_name, "s", settings.seconds(measured.reference.latency)},
                       {likeness_name, "1", measured.likeness},
                       {noise_name, "Pa", measured.noise},
                       {linear_name, "1", measured.linear},
                       {loudest_name, "Pa", measured.loudest},
                       {unsettled_name, "1", measured.unsettled}},
        .identities = {},
        .settings = in_words(settings),
        .series = {{.name = gains_name, .unit = "1", .values = measured.gains}}};
    if (measured.reference.known()) {
        const std::vector<float>& marker = measured.reference.marker.samples;
        calibration.series.push_back(
            {.name = responses_name, .unit = "Pa", .values = measured.responses});
        calibration.series.push_back(
            {.name = marker_name, .unit = "1", .values = {marker.begin(), marker.end()}});
    }
    return calibration;
}

AcousticCalibration acoustic_calibration(const Calibration& calibration,
                                         const AcousticSettings& settings) {
    AcousticCalibration found;
    found.reference.latency =
        settings.frames(quantity(calibration, latency_name, 0.0, longest_latency));
    found.likeness = quantity(calibration, likeness_name, -1.0, 1.0);
    found.noise = quantity(calibration, noise_name, 0.0, most_pressure);
    found.linear = quantity(calibration, linear_name, 0.0, 1.0);
    found.loudest = quantity(calibration, loudest_name, 0.0, most_pressure);
    found.unsettled = quantity(calibration, unsettled_name, 0.0, 1.0);
    found.gains = series(calibration, gains_name, settings.multitone.tones);
    if (calibration.series.size() > 1) {
        found.responses = series(calibration, responses_name, response_drives.size());
        const std::size_t count = Marker(settings).heard() * settings.inputs.size();
        const std::vector<double>& marker = series(calibration, marker_name, count);
        found.reference.marker.channels = settings.inputs.size();
        std::ranges::transform(marker, std::back_inserter(found.reference.marker.samples),
                               [](double value) { return static_cast<float>(value); });
    }
    return found;
}

LayerSpec acoustic_spec(const AcousticSettings& settings) {
    LayerSpec spec;
    spec.kind = "acoustic-instruments";
    const std::vector<double> gains = settings.nominal_gains();
    for (std::size_t k = 0; k < gains.size(); ++k) {
        const std::size_t output = settings.outputs[k % settings.outputs.size()];
        spec.inputs.push_back({.name = fmt::format("tone {:g} Hz at output {}",
                                                   settings.multitone.frequency(k), output + 1),
                               .unit = "1",
                               .at_one = settings.tone_amplitude * gains[k]});
    }
    for (const MultitoneBin& bin : settings.bins) {
        spec.outputs.push_back({.name = fmt::format("{:g} Hz at input {}{}", bin.frequency,
                                                    settings.inputs[bin.microphone] + 1,
                                                    bin.driven ? "" : " (intermodulation)"),
                                .unit = "Pa",
                                .minimum = 0.0,
                                .maximum = largest_amplitude * settings.full_scale});
    }
    spec.max_batch = largest_batch;
    spec.seconds_per_sample = settings.seconds(settings.rest + settings.settle + settings.window);
    spec.deterministic = false;
    spec.can_follow = true;
    spec.limits = settings.limits.in_words();
    if (settings.limit_pressure > 0) {
        spec.limits.push_back(fmt::format("{:g} Pa at a microphone, after which it is silent",
                                          settings.limit_pressure));
    }
    spec.notes.push_back(fmt::format("a query whose samples follow each other has at most {}",
                                     settings.most_following));
    if (settings.given_gains.empty()) {
        spec.notes.emplace_back("at full drive a tone has the gain that its calibration measured, "
                                "0.25 to 4 times what its input says");
    }
    return spec;
}

} // namespace phyll::rigs
