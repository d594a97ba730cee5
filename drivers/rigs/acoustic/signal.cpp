#include "drivers/rigs/acoustic/signal.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace phyll::rigs {
namespace {

constexpr double pi = std::numbers::pi;
constexpr double chirp_time = 0.01; // s
constexpr double turn_time = 0.015; // s, of a chirp and how it dies away

/// In the middle of a frame's time, counted from a frame on.
double time_of(std::size_t frame, double rate) {
    return (static_cast<double>(frame) + 0.5) / rate;
}

/// Summed over the channels, of each turn, or over the turns, of each channel.
std::vector<double> squares_by(const Sound& sound, std::size_t turn, bool by_channel) {
    const std::size_t turns = sound.frames() / turn;
    std::vector<double> sums(by_channel ? sound.channels : turns);
    for (std::size_t frame = 0; frame < turns * turn; ++frame) {
        for (std::size_t channel = 0; channel < sound.channels; ++channel) {
            const double value = sound.at(frame, channel);
            sums[by_channel ? channel : frame / turn] += value * value;
        }
    }
    return sums;
}

} // namespace

Sound silence(std::size_t channels, std::size_t frames) {
    return {.channels = channels, .samples = std::vector<float>(channels * frames)};
}

double faded_in(std::size_t frame, std::size_t fade) {
    const double part = std::min(1.0, time_of(frame, static_cast<double>(fade)));
    return 0.5 - 0.5 * std::cos(pi * part);
}

Sound part_of(const Sound& sound, std::size_t first, std::size_t frames) {
    Sound part = silence(sound.channels, frames);
    const std::size_t end = std::min(first + frames, sound.frames());
    if (first < end) {
        std::copy_n(sound.samples.data() + first * sound.channels, (end - first) * sound.channels,
                    part.samples.data());
    }
    return part;
}

Marker::Marker(const AcousticSettings& settings)
    : turn_(settings.frames(turn_time)), turns_(settings.outputs.size()) {
    const std::size_t length = settings.frames(chirp_time);
    const Multitone& tones = settings.multitone;
    const double low = tones.lowest;
    const double high = std::max(tones.frequency(tones.tones - 1), 2 * low);
    const double sweep = (high - low) / chirp_time;
    for (std::size_t i = 0; i < length; ++i) {
        const double t = time_of(i, settings.rate);
        const double hann = 0.5 - 0.5 * std::cos(2 * pi * t / chirp_time);
        chirp_.push_back(static_cast<float>(hann * std::sin(2 * pi * (low + sweep * t / 2) * t)));
    }
}

BlockLayout::BlockLayout(const AcousticSettings& settings, const Marker& marker,
                         std::size_t samples, bool follow)
    : rest_(settings.rest),
      length_(settings.settle + settings.window),
      settle_(settings.settle),
      marker_(marker.frames()),
      turn_(marker.turn()),
      samples_(samples),
      follow_(follow) {}

std::size_t BlockLayout::first(std::size_t sample) const noexcept {
    const std::size_t stride = length_ + (follow_ ? 0 : rest_);
    return marker() + marker_ + rest_ + sample * stride;
}

std::size_t BlockLayout::window(std::size_t sample) const noexcept {
    return first(sample) + settle_;
}

std::size_t BlockLayout::end_marker() const noexcept {
    return samples_ == 0 ? marker() + marker_ + rest_ : first(samples_ - 1) + length_ + rest_;
}

std::size_t BlockLayout::frames() const noexcept {
    return end_marker() + turn_ + rest_;
}

Multitones::Multitones(const AcousticSettings& settings) : settings_(settings), marker_(settings) {
    for (std::size_t i = 0; i < settings.window; ++i) {
        const double turn = 2 * pi * time_of(i, settings.rate);
        for (std::size_t k = 0; k < settings.multitone.tones; ++k) {
            tone_.push_back(static_cast<float>(
                std::cos(turn * settings.multitone.frequency(k) + settings.multitone.phase(k))));
        }
        for (const MultitoneBin& bin : settings.bins) {
            cosine_.push_back(std::cos(turn * bin.frequency));
            sine_.push_back(std::sin(turn * bin.frequency));
        }
    }
}

void Multitones::add_chirp(Sound& sound, std::size_t frame, std::size_t speaker) const {
    const auto amplitude = static_cast<float>(settings_.marker_amplitude);
    float* into = sound.samples.data() + frame * sound.channels + settings_.outputs[speaker];
    for (const float value : marker_.chirp()) {
        *into += amplitude * value;
        into += sound.channels;
    }
}

void Multitones::add_sample(Sound& sound, std::size_t first, std::size_t phase,
                            std::span<const float> drives, std::span<const double> gains) const {
    const std::size_t speakers = settings_.outputs.size();
    const std::size_t length = settings_.settle + settings_.window;
    const std::size_t tones = settings_.multitone.tones;
    std::vector<float> amplitudes(tones);
    for (std::size_t k = 0; k < tones; ++k) {
        amplitudes[k] = static_cast<float>(settings_.tone_amplitude * gains[k]) * drives[k];
    }
    const auto share = [&](std::size_t frame) {
        return static_cast<float>(faded_in(frame, settings_.fade));
    };
    for (std::size_t i = 0; i < length + settings_.fade; ++i) {
        const float envelope = i < length ? share(i) : 1.0F - share(i - length);
        const float* tone = tone_.data() + (phase + i) % settings_.window * tones;
        float* into = sound.samples.data() + (first + i) * sound.channels;
        for (std::size_t k = 0; k < tones; ++k) {
            into[settings_.outputs[k % speakers]] += envelope * amplitudes[k] * tone[k];
        }
    }
}

Sound Multitones::play(const BlockLayout& layout, ConstBlock x, std::span<const double> gains,
                       std::size_t outputs) const {
    Sound sound = silence(outputs, layout.frames());
    for (std::size_t speaker = 0; speaker < settings_.outputs.size(); ++speaker) {
        add_chirp(sound, layout.marker() + speaker * marker_.turn(), speaker);
    }
    for (std::size_t sample = 0; sample < layout.samples(); ++sample) {
        const std::size_t first = layout.first(sample);
        add_sample(sound, first, layout.follow() ? first - layout.first(0) : 0, x.sample(sample),
                   gains);
    }
    add_chirp(sound, layout.end_marker(), 0);
    return sound;
}

std::vector<std::complex<float>> Multitones::listen(const BlockLayout& layout, std::size_t sample,
                                                    const Sound& recorded,
                                                    std::size_t latency) const {
    return listen(recorded, layout.window(sample) + latency);
}

std::vector<std::complex<float>> Multitones::listen(const Sound& recorded, std::size_t from) const {
    const std::size_t bins = settings_.bins.size();
    std::vector<std::complex<double>> sums(bins);
    for (std::size_t i = 0; i < settings_.window; ++i) {
        for (std::size_t k = 0; k < bins; ++k) {
            const double value =
                recorded.at(from + i, settings_.inputs[settings_.bins[k].microphone]);
            sums[k] += std::complex<double>(cosine_[i * bins + k], -sine_[i * bins + k]) * value;
        }
    }
    std::vector<std::complex<float>> phasors;
    const double scale = 2 * settings_.full_scale / static_cast<double>(settings_.window);
    for (const std::complex<double>& sum : sums) {
        phasors.emplace_back(scale * sum);
    }
    return phasors;
}

double likeness(const Sound& a, const Sound& b) {
    double least = 1.0;
    for (std::size_t channel = 0; channel < a.channels; ++channel) {
        double products = 0;
        double squares_a = 0;
        double squares_b = 0;
        for (std::size_t frame = 0; frame < a.frames(); ++frame) {
            const double p = a.at(frame, channel);
            const double q = b.at(frame, channel);
            products += p * q;
            squares_a += p * p;
            squares_b += q * q;
        }
        const double size = std::sqrt(squares_a * squares_b);
        least = std::min(least, size > 0 ? products / size : 0.0);
    }
    return least;
}

double worst_level(const Sound& sound, const Sound& reference, std::size_t turn) {
    double worst = 1.0;
    for (const bool by_channel : {false, true}) {
        const std::vector<double> found = squares_by(sound, turn, by_channel);
        const std::vector<double> right = squares_by(reference, turn, by_channel);
        for (std::size_t k = 0; k < found.size(); ++k) {
            const double level = right[k] > 0 ? std::sqrt(found[k] / right[k]) : 1.0;
            worst = std::abs(level - 1) > std::abs(worst - 1) ? level : worst;
        }
    }
    return worst;
}

double peak_of(const Sound& sound) {
    float peak = 0;
    for (const float value : sound.samples) {
        peak = std::max(peak, std::abs(value));
    }
    return peak;
}

} // namespace phyll::rigs
