#pragma once

#include "daemon/training/data/samples.hpp"
#include "drivers/core/random.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace phyll::training {

/// How far samples are transformed. Everything is drawn uniformly between its two ends but for
/// noise, which is normal; 0 leaves alone.
struct TransformationSettings {
    double shift = 0.0;    ///< images: at most so many pixels up or down, and left or right
    double rotation = 0.0; ///< images: at most so many degrees either way
    double scale = 0.0;    ///< images: made larger by a factor of 1 - scale to 1 + scale; below 1
    /// Of each feature, in its standard deviations over the training samples.
    double noise = 0.0;
};

/// Training samples under small transformations, as many different ones as are asked for. Which
/// transformation a sample undergoes is a function of (seed, sample, copy, epoch) alone.
/// Thread rule: any thread, several at a time.
class Transformations {
  public:
    /// Of the samples `training` of `inputs`, as they came: nothing is scaled. With noise all of
    /// them are read here, at least one, and no others.
    ///
    /// Throws INVALID_ARGUMENT that names the setting which is negative or too large, or which
    /// needs images where there are none.
    Transformations(Samples inputs, std::vector<std::uint32_t> training,
                    const TransformationSettings& settings, std::uint64_t seed);

    [[nodiscard]] std::size_t features() const noexcept { return inputs_.features(); }
    [[nodiscard]] std::size_t samples() const noexcept { return training_.size(); }

    /// Fills `into`, one place per feature, with training sample number `sample` as its copy number
    /// `copy` in epoch `epoch`; each number is below 2^32. What moves into an image is 0.
    void read(std::size_t sample, std::size_t copy, std::size_t epoch, std::span<float> into) const;

  private:
    void warp(std::uint64_t place, std::uint64_t draw, std::span<float> image) const;
    void add_noise(std::uint64_t place, std::uint64_t draw, std::span<float> values) const;

    Samples inputs_;
    std::vector<std::uint32_t> training_;
    TransformationSettings settings_;
    KeyedRandom warps_;
    KeyedRandom noise_;
    std::vector<float> deviation_; ///< of the noise, per feature; empty without
};

} // namespace phyll::training
