#pragma once

#include "drivers/core/sample_block.hpp"
#include "drivers/rigs/acoustic/settings.hpp"

#include <complex>
#include <cstddef>
#include <span>
#include <vector>

namespace phyll::rigs {

/// Frames of a few channels, interleaved.
struct Sound {
    std::size_t channels = 0;
    std::vector<float> samples;

    [[nodiscard]] std::size_t frames() const noexcept { return samples.size() / channels; }
    [[nodiscard]] float at(std::size_t frame, std::size_t channel) const noexcept {
        return samples[frame * channels + channel];
    }
    bool operator==(const Sound&) const = default;
};

[[nodiscard]] Sound silence(std::size_t channels, std::size_t frames);

/// How far a fade of `fade` frames has come in a frame's middle: raised cosine, from 0 to 1.
[[nodiscard]] double faded_in(std::size_t frame, std::size_t fade);

/// The same channels of some of the frames; what is beyond its end is silence.
[[nodiscard]] Sound part_of(const Sound& sound, std::size_t first, std::size_t frames);

/// What a block begins with: a chirp at each speaker in turn, by which a record proves where it
/// begins and what it went through. It ends with that of the first speaker.
class Marker {
  public:
    explicit Marker(const AcousticSettings& settings);

    /// Of one speaker's turn.
    [[nodiscard]] std::size_t turn() const noexcept { return turn_; }
    /// Of all of them.
    [[nodiscard]] std::size_t frames() const noexcept { return turn_ * turns_; }
    /// What is compared: all of them, and how they die away.
    [[nodiscard]] std::size_t heard() const noexcept { return frames() + turn_; }

    /// A sweep over the tones' frequencies, of amplitude 1.
    [[nodiscard]] const std::vector<float>& chirp() const noexcept { return chirp_; }

  private:
    std::size_t turn_;
    std::size_t turns_;
    std::vector<float> chirp_;
};

/// Where everything is in one block, in frames from its first:
///
///   marker | rest, sample 1 | rest, sample 2 | ... | rest, first turn of the marker, rest
///
/// Samples fade in over their first frames, and out over the first of what follows. With `follow`
/// they come one after the other without rest, but for the first.
class BlockLayout {
  public:
    BlockLayout(const AcousticSettings& settings, const Marker& marker, std::size_t samples,
                bool follow);

    [[nodiscard]] std::size_t samples() const noexcept { return samples_; }
    [[nodiscard]] std::size_t frames() const noexcept;
    /// The first that is not silent.
    [[nodiscard]] std::size_t marker() const noexcept { return 1; }
    [[nodiscard]] std::size_t end_marker() const noexcept;
    /// Of a sample's tones, whose time starts there; of all of them at the first with `follow`.
    [[nodiscard]] std::size_t first(std::size_t sample) const noexcept;
    [[nodiscard]] std::size_t window(std::size_t sample) const noexcept;

    [[nodiscard]] bool follow() const noexcept { return follow_; }

  private:
    std::size_t rest_;
    std::size_t length_; ///< of a sample: settling and window
    std::size_t settle_;
    std::size_t marker_;
    std::size_t turn_;
    std::size_t samples_;
    bool follow_;
};

/// The side that plays and the side that listens, with the same tones, levels, phases and bins.
class Multitones {
  public:
    explicit Multitones(const AcousticSettings& settings);

    [[nodiscard]] const Marker& marker() const noexcept { return marker_; }
    [[nodiscard]] BlockLayout layout(std::size_t samples, bool follow) const {
        return {settings_, marker_, samples, follow};
    }

    /// What `outputs` channels play for stimuli in [0, 1], one column a sample, with a gain for
    /// each tone.
    [[nodiscard]] Sound play(const BlockLayout& layout, ConstBlock x, std::span<const double> gains,
                             std::size_t outputs) const;

    /// Pressure at a sample's bins, as phasors in Pa, in what was recorded: `latency` frames later
    /// than played.
    [[nodiscard]] std::vector<std::complex<float>> listen(const BlockLayout& layout,
                                                          std::size_t sample, const Sound& recorded,
                                                          std::size_t latency) const;
    /// The same in any window, from a frame of the record on.
    [[nodiscard]] std::vector<std::complex<float>> listen(const Sound& recorded,
                                                          std::size_t from) const;

  private:
    void add_chirp(Sound& sound, std::size_t frame, std::size_t speaker) const;
    void add_sample(Sound& sound, std::size_t first, std::size_t phase,
                    std::span<const float> drives, std::span<const double> gains) const;

    const AcousticSettings& settings_;
    Marker marker_;
    std::vector<float> tone_;    ///< window x tones: a period of all of them
    std::vector<double> cosine_; ///< window x bins
    std::vector<double> sine_;
};

/// Of a record, how well it agrees with another of the same channels, at the same frames: Pearson's
/// correlation of the worst channel.
[[nodiscard]] double likeness(const Sound& a, const Sound& b);
/// How loud each channel, and each turn of so many frames, is against another sound: root mean
/// square over that of the other, of that which differs most.
[[nodiscard]] double worst_level(const Sound& sound, const Sound& reference, std::size_t turn);
/// The largest sample, whatever its sign.
[[nodiscard]] double peak_of(const Sound& sound);

} // namespace phyll::rigs
