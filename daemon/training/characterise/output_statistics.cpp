#include "daemon/training/characterise/output_statistics.hpp"

#include "daemon/training/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace phyll::training {
namespace {

constexpr double dead_share = 0.01;
constexpr double largest_noise_share = 3.1622776601683795; // -10 dB

double noise_of(const Repeats& repeats, std::size_t output) {
    double square = 0.0;
    for (std::size_t s = 0; s < repeats.stimuli; ++s) {
        const Moments m = moments(repeats.times, [&](std::size_t r) {
            return repeats.responses.sample(r * repeats.stimuli + s)[output];
        });
        square += m.deviation * m.deviation;
    }
    const auto times = static_cast<double>(repeats.times);
    return std::sqrt(square / static_cast<double>(repeats.stimuli) * times / (times - 1.0));
}

} // namespace

double OutputStatistics::noise_share() const noexcept {
    return noise > largest_noise_share * deviation ? largest_noise_share
           : noise > 0.0                           ? noise / deviation
                                                   : 0.0;
}

double OutputStatistics::snr_db() const noexcept {
    return -20.0 * std::log10(noise_share());
}

std::vector<OutputStatistics> output_statistics(ConstBlock uniform, const Repeats& repeats) {
    std::vector<OutputStatistics> outputs(uniform.channels());
    double square = 0.0;
    for (std::size_t k = 0; k < outputs.size(); ++k) {
        const Moments m =
            moments(uniform.samples(), [&](std::size_t i) { return uniform.sample(i)[k]; });
        const double noise = noise_of(repeats, k);
        const double signal = std::max(m.deviation * m.deviation - noise * noise, 0.0);
        outputs[k] = {.mean = m.mean, .deviation = std::sqrt(signal), .noise = noise};
        square += signal;
    }
    const double rms = std::sqrt(square / static_cast<double>(outputs.size()));
    for (OutputStatistics& output : outputs) {
        output.dead = output.deviation <= std::max(dead_share * rms, output.noise);
    }
    return outputs;
}

Shifts::Shifts(std::vector<OutputStatistics> outputs, const Repeats& repeats)
    : outputs_(std::move(outputs)),
      degrees_(static_cast<double>(repeats.stimuli * (repeats.times - 1))) {
    // Neighbours in time: a slow drift is no noise.
    const std::size_t pairs = repeats.stimuli * repeats.times / 2;
    const Moments m = moments(pairs, [&](std::size_t p) {
        const std::size_t first = p / repeats.stimuli * 2 * repeats.stimuli + p % repeats.stimuli;
        return square(repeats.responses.sample(first),
                      repeats.responses.sample(first + repeats.stimuli));
    });
    variance_of_one_ = m.deviation * m.deviation;
}

double Shifts::square(std::span<const float> a, std::span<const float> b) const {
    double sum = 0.0;
    double live = 0.0;
    for (std::size_t k = 0; k < outputs_.size(); ++k) {
        const OutputStatistics& output = outputs_[k];
        if (!output.dead) {
            const double d = static_cast<double>(a[k]) - static_cast<double>(b[k]);
            sum +=
                (d * d - 2.0 * output.noise * output.noise) / (output.deviation * output.deviation);
            live += 1.0;
        }
    }
    return live > 0.0 ? sum / live : 0.0;
}

double Shifts::limit(std::size_t count) const {
    // The noise that is subtracted is itself an estimate, and the same for all.
    const double variance = variance_of_one_ * (1.0 / static_cast<double>(count) + 1.0 / degrees_);
    return root(2.0 * std::sqrt(variance));
}

double Shifts::root(double mean_square) {
    return std::sqrt(std::max(mean_square, 0.0));
}

} // namespace phyll::training
