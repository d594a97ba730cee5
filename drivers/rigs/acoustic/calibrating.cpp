#include "drivers/rigs/acoustic/calibrating.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace phyll::rigs {
namespace {

using Phasors = std::vector<std::complex<float>>;

constexpr double silence_time = 0.25; // s
constexpr double least_gain = 0.25;
constexpr double most_gain = 4.0;
/// A tone must stand out from what its bin has in silence.
constexpr double least_over_noise = 10.0;
constexpr double linear_tolerance = 0.1;
/// Two windows of a sample that differ by more are no settled response.
constexpr double most_unsettled = 0.05;
/// Drives of the sample that must settle: they walk through all, and no short cycle repeats them.
constexpr double golden = 0.6180339887498949;

double size_of(const Phasors& phasors) {
    double squares = 0;
    for (const std::complex<float>& each : phasors) {
        squares += std::norm(std::complex<double>(each));
    }
    return std::sqrt(squares / static_cast<double>(phasors.size()));
}

class AcousticCalibrating {
  public:
    AcousticCalibrating(Sounder& sounder, const AcousticSettings& settings,
                        const Patience& patience)
        : sounder_(sounder), settings_(settings), patience_(patience) {}

    AcousticCalibration run() {
        found_.gains = settings_.nominal_gains();
        measure_marker();
        measure_noise();
        if (settings_.given_gains.empty()) {
            measure_gains();
        }
        measure_responses();
        measure_settling();
        return found_;
    }

  private:
    void measure_marker();
    void measure_noise();
    void measure_gains();
    void require_within_limit() const;
    void measure_responses();
    void measure_settling();

    /// All tones at the same drive, as so many samples without rest.
    Sound play(double drive, std::size_t samples);

    Sounder& sounder_;
    const AcousticSettings& settings_;
    const Patience& patience_;
    AcousticCalibration found_;
    double noise_at_bins_ = 0.0; ///< Pa
};

Sound AcousticCalibrating::play(double drive, std::size_t samples) {
    OwnedBlock x(settings_.multitone.tones, samples);
    std::ranges::fill(x.view().values(), static_cast<float>(drive));
    Sounder::Playing playing = sounder_.begin(sounder_.tones().layout(samples, true),
                                              std::as_const(x).view(), found_.gains, patience_);
    return sounder_.finish(playing, patience_);
}

void AcousticCalibrating::measure_marker() {
    found_.reference = sounder_.listen_to_marker(patience_);
    sounder_.compare_with(found_.reference);
    // Once more: that it is there again, and nothing else, is for the sounder to say.
    Sounder::Playing playing =
        sounder_.begin(sounder_.tones().layout(0, false), {}, found_.gains, patience_);
    found_.likeness = sounder_.marker_likeness(sounder_.finish(playing, patience_));
}

void AcousticCalibrating::measure_noise() {
    const Sound recorded = sounder_.record(
        silence(sounder_.outputs(), settings_.frames(silence_time)), settings_.window, patience_);
    for (const std::size_t input : settings_.inputs) {
        double squares = 0;
        for (std::size_t frame = 0; frame < recorded.frames(); ++frame) {
            const double value = recorded.at(frame, input);
            squares += value * value;
        }
        found_.noise =
            std::max(found_.noise, settings_.full_scale *
                                       std::sqrt(squares / static_cast<double>(recorded.frames())));
    }
    noise_at_bins_ = size_of(sounder_.tones().listen(recorded, 0));
}

void AcousticCalibrating::measure_gains() {
    // The tones' own bins, whatever the rig's are.
    AcousticSettings settings = settings_;
    settings.bins =
        multitone_bins(settings.multitone, MultitoneBins::drive, settings.inputs.size());
    const Multitones tones(settings);
    const Sound recorded = play(response_drives.front(), 1);
    const Phasors phasors = tones.listen(tones.layout(1, true), 0, recorded, sounder_.latency());
    std::vector<double> amplitudes;
    for (std::size_t k = 0; k < phasors.size(); ++k) {
        amplitudes.push_back(std::abs(std::complex<double>(phasors[k])));
        if (!(amplitudes.back() > least_over_noise * noise_at_bins_)) {
            throw Error(Code::unavailable,
                        fmt::format("gains: the tone of {:g} Hz arrives with {:.2g} Pa, and the "
                                    "noise is {:.2g} Pa: raise tone_amplitude, leave the tone out, "
                                    "or give tone_gains",
                                    settings_.multitone.frequency(k), amplitudes.back(),
                                    noise_at_bins_));
        }
    }
    std::vector<double> sorted = amplitudes;
    std::ranges::sort(sorted);
    const std::size_t half = sorted.size() / 2;
    const double median =
        sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    std::ranges::transform(amplitudes, found_.gains.begin(), [median](double amplitude) {
        return std::clamp(median / amplitude, least_gain, most_gain);
    });
    require_within_limit();
}

/// So that no stimulus is refused in the middle of a run.
void AcousticCalibrating::require_within_limit() const {
    std::vector<double> needed(settings_.outputs.size());
    for (std::size_t k = 0; k < found_.gains.size(); ++k) {
        needed[k % needed.size()] += settings_.tone_amplitude * found_.gains[k];
    }
    const auto most = std::ranges::max_element(needed);
    if (*most > settings_.limits.peak * (1 + 1e-6)) {
        throw Error(
            Code::unavailable,
            fmt::format("gains: with all of its tones at full drive output {} may need "
                        "{:.3g} of full scale, and limit_peak is {:g}: lower "
                        "tone_amplitude, or give tone_gains",
                        settings_.outputs[static_cast<std::size_t>(most - needed.begin())] + 1,
                        *most, settings_.limits.peak));
    }
}

void AcousticCalibrating::measure_responses() {
    bool linear = true;
    for (const double drive : response_drives) {
        const Sound recorded = play(drive, 1);
        const Phasors phasors = sounder_.tones().listen(sounder_.tones().layout(1, true), 0,
                                                        recorded, sounder_.latency());
        found_.responses.push_back(size_of(phasors));
        found_.loudest = settings_.full_scale * peak_of(recorded);
        const double grown =
            found_.responses.back() / drive / (found_.responses.front() / response_drives.front());
        linear = linear && std::abs(grown - 1) <= linear_tolerance;
        found_.linear = linear ? drive : found_.linear;
    }
    if (!(found_.responses.back() > least_over_noise * noise_at_bins_)) {
        throw Error(Code::unavailable,
                    fmt::format("response: {:.2g} Pa at full drive, and the noise is {:.2g} Pa: "
                                "raise tone_amplitude or the microphones' gain",
                                found_.responses.back(), noise_at_bins_));
    }
}

void AcousticCalibrating::measure_settling() {
    OwnedBlock x(settings_.multitone.tones, 2);
    for (std::size_t k = 0; k < x.view().size(); ++k) {
        x.view().values()[k] = static_cast<float>(
            std::fmod(static_cast<double>(1 + k % settings_.multitone.tones) * golden, 1.0));
    }
    Sounder::Playing playing = sounder_.begin(sounder_.tones().layout(2, true),
                                              std::as_const(x).view(), found_.gains, patience_);
    const Sound recorded = sounder_.finish(playing, patience_);
    const BlockLayout layout = sounder_.tones().layout(2, true);
    const Phasors first = sounder_.tones().listen(layout, 0, recorded, sounder_.latency());
    const Phasors later = sounder_.tones().listen(layout, 1, recorded, sounder_.latency());
    double squares = 0;
    for (std::size_t k = 0; k < first.size(); ++k) {
        const double difference =
            std::abs(std::complex<double>(first[k])) - std::abs(std::complex<double>(later[k]));
        squares += difference * difference;
    }
    found_.unsettled = std::sqrt(squares / static_cast<double>(first.size())) / size_of(later);
    if (found_.unsettled > most_unsettled) {
        throw Error(Code::unavailable,
                    fmt::format("settling: {:g} s after a sample begins its response still differs "
                                "by {:.2g} % from a later one; a longer settle_time, or less "
                                "tone_amplitude, is needed",
                                settings_.seconds(settings_.settle), 100 * found_.unsettled));
    }
}

} // namespace

AcousticCalibration calibrate(Sounder& sounder, const AcousticSettings& settings,
                              const Patience& patience) {
    return AcousticCalibrating(sounder, settings, patience).run();
}

} // namespace phyll::rigs
