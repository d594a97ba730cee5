#include "sim/bench/acoustic/room.hpp"

#include "sim/physics/acoustic/linear_response.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace phyll::bench {
namespace {

constexpr std::size_t most_frames = 8192; // of a period of JACK's
constexpr std::size_t most_delay = 1U << 16U;
constexpr double cold = 0.8;
/// What counts as driven, and by how much a step may be beyond what tones do: rounding.
constexpr float audible = 1e-6F;
constexpr double step_room = 1.01;

/// Tones of full drive that rise together, and no fade is faster.
std::vector<double> largest_steps(const Room::Nature& nature) {
    const physics::AcousticParameters& device = nature.device;
    const std::vector<double> gains = physics::tone_gains(device);
    std::vector<double> steps(Room::speakers);
    for (std::size_t k = 0; k < device.tones; ++k) {
        const double amplitude = gains[k] * device.drive / nature.speaker_full_scale;
        steps[k % Room::speakers] +=
            step_room * amplitude * 2 * std::numbers::pi * device.tone(k) / device.sample_rate;
    }
    // A marker sounds at any of them.
    std::ranges::fill(steps, std::ranges::max(steps));
    return steps;
}

} // namespace

Room::Room(const Nature& nature)
    : nature_(nature),
      largest_step_(largest_steps(nature)),
      cavity_(nature.device),
      volume_velocity_(most_frames * speakers),
      pressure_(most_frames * microphones),
      random_(nature.noise_seed) {
    for (std::vector<float>& each : waiting_) {
        each.resize(most_delay);
    }
}

void Room::watch(const Outputs& outputs, std::size_t frames) noexcept {
    bool sounds = false;
    const bool goes_on = !interrupted_.exchange(false);
    for (std::size_t s = 0; s < speakers; ++s) {
        for (std::size_t i = 0; i < frames; ++i) {
            const float value = outputs[s][i];
            const double step = std::abs(static_cast<double>(value) - last_[s]);
            if (step > largest_step_[s] && (goes_on || i > 0)) {
                ++steps_;
            }
            sounds = sounds || std::abs(value) > audible;
            last_[s] = value;
        }
    }
    sounds_ = sounds;
}

void Room::drive(const Outputs& outputs, std::size_t frames) noexcept {
    if (const double seconds = warming_.exchange(0.0); seconds > 0) {
        missing_ = 1 - cold;
        cooling_ = std::exp(-1 / (seconds * nature_.device.sample_rate));
    }
    for (std::size_t i = 0; i < frames; ++i) {
        for (std::size_t s = 0; s < speakers; ++s) {
            volume_velocity_[i * speakers + s] = turned_[s] * (1 - missing_) *
                                                 nature_.speaker_full_scale *
                                                 static_cast<double>(outputs[s][i]);
        }
        missing_ *= cooling_;
    }
}

float Room::converted(double pressure) noexcept {
    const double noise = nature_.noise > 0 ? nature_.noise * normal_(random_) : 0.0;
    const double share = gain_ * (pressure + noise) / nature_.microphone_full_scale;
    const double levels = std::ldexp(1.0, static_cast<int>(nature_.bits) - 1);
    return static_cast<float>(std::clamp(std::nearbyint(share * levels), -levels, levels - 1) /
                              levels);
}

void Room::process(const Outputs& outputs, const Inputs& inputs, std::size_t frames) noexcept {
    for (std::size_t first = 0; first < frames; first += most_frames) {
        const std::size_t count = std::min(most_frames, frames - first);
        Outputs out = outputs;
        std::ranges::for_each(out, [first](const float*& samples) { samples += first; });
        watch(out, count);
        drive(out, count);
        static_cast<void>(cavity_.run({volume_velocity_.data(), count * speakers},
                                      {pressure_.data(), count * microphones}));
        const std::size_t delay = std::min<std::size_t>(delay_, most_delay - 1);
        const bool swapped = swapped_;
        for (std::size_t i = 0; i < count; ++i) {
            for (std::size_t o = 0; o < microphones; ++o) {
                waiting_[o][place_] = converted(pressure_[i * microphones + o]);
                const std::size_t input = swapped ? microphones - 1 - o : o;
                inputs[input][first + i] = waiting_[o][(place_ + most_delay - delay) % most_delay];
            }
            place_ = (place_ + 1) % most_delay;
        }
    }
    frames_ += frames;
}

} // namespace phyll::bench
