#pragma once

#include "sim/physics/acoustic/streamed_cavity.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace phyll::bench {

/// The simulated cavity with its amplifiers and converters: what the sound card's outputs play in,
/// what its inputs record out, as shares of full scale.
///
/// Thread rule: `process` on one thread; everything else on any.
class Room {
  public:
    static constexpr std::size_t speakers = physics::StreamedCavity::speakers;
    static constexpr std::size_t microphones = physics::StreamedCavity::microphones;

    struct Nature {
        physics::AcousticParameters device{};  ///< its sample rate is the sound server's
        double speaker_full_scale = 6e-3;      ///< m^3/s that a speaker makes of full scale
        double microphone_full_scale = 2000.0; ///< Pa that a microphone makes full scale of
        unsigned bits = 24;                    ///< of the converter behind the microphones
        double noise = 0.0;                    ///< Pa, root mean square, at each microphone
        std::uint64_t noise_seed = 1;
    };

    /// Throws INVALID_ARGUMENT when it cannot be.
    explicit Room(const Nature& nature);

    using Outputs = std::array<const float*, speakers>;
    using Inputs = std::array<float*, microphones>;
    /// So many frames; none of them overlap.
    void process(const Outputs& outputs, const Inputs& inputs, std::size_t frames) noexcept;
    /// Frames were lost: what comes next does not go on from what was before.
    void interrupted() noexcept { interrupted_ = true; }

    // What can go wrong.
    void delay_by(std::size_t frames) noexcept { delay_ = frames; }
    void amplify_by(double factor) noexcept { gain_ = factor; }
    /// The amplifier was just switched on, at four fifths of its gain, and warms up: so many
    /// seconds are its time constant.
    void cool_down(double seconds) noexcept { warming_ = seconds; }
    void swap(bool swapped) noexcept { swapped_ = swapped; }
    /// One speaker, from 0, is so much louder.
    void turn(std::size_t speaker, double factor) noexcept { turned_[speaker] = factor; }

    /// That a speaker is driven.
    [[nodiscard]] bool sounds() const noexcept { return sounds_; }
    /// Frames in which a speaker was told to jump further than any sum of the tones can.
    [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }
    [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }

  private:
    void watch(const Outputs& outputs, std::size_t frames) noexcept;
    void drive(const Outputs& outputs, std::size_t frames) noexcept;
    [[nodiscard]] float converted(double pressure) noexcept;

    const Nature nature_;
    const std::vector<double> largest_step_; ///< of each speaker
    physics::StreamedCavity cavity_;
    std::vector<double> volume_velocity_;
    std::vector<double> pressure_;
    std::array<float, speakers> last_{};
    double missing_ = 0.0; ///< share of the amplifier's gain that is not there yet
    double cooling_ = 0.0; ///< factor on that from frame to frame
    std::vector<float> waiting_[microphones]; ///< what is on its way: a ring
    std::size_t place_ = 0;
    std::mt19937_64 random_;
    std::normal_distribution<double> normal_;

    std::atomic<bool> interrupted_ = false;
    std::atomic<std::size_t> delay_ = 0;
    std::atomic<double> gain_ = 1.0;
    std::atomic<double> warming_ = 0.0;
    std::atomic<bool> swapped_ = false;
    std::array<std::atomic<double>, speakers> turned_{1.0, 1.0, 1.0, 1.0};
    std::atomic<bool> sounds_ = false;
    std::atomic<std::uint64_t> steps_ = 0;
    std::atomic<std::uint64_t> frames_ = 0;
};

} // namespace phyll::bench
