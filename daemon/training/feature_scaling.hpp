#pragma once

#include "daemon/training/data/samples.hpp"
#include "daemon/training/sample_rows.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace phyll::training {

/// The statistics of each raw feature over the training split, frozen: features become standard
/// scores, and values beyond the training split's range are taken as its ends. A feature that never
/// changes scores zero.
struct FeatureScaling {
    std::vector<float> mean;
    std::vector<float> deviation; ///< standard deviation; 1 for a feature that never changes
    std::vector<float> minimum;
    std::vector<float> maximum;

    /// Only the samples in `training`, at least one, are looked at; they are read one by one.
    [[nodiscard]] static FeatureScaling fit(const Samples& inputs,
                                            std::span<const std::uint32_t> training);
    /// Scores are the features as they are.
    [[nodiscard]] static FeatureScaling none(std::size_t features);

    /// Turns the features of one sample into their scores.
    void apply(std::span<float> sample) const;
};

/// The scores of the samples of a split, computed when they are asked for.
class Scores {
  public:
    /// Of the samples `split` of `inputs`, in that order.
    Scores(Samples inputs, FeatureScaling scaling, std::vector<std::uint32_t> split);

    [[nodiscard]] std::size_t features() const noexcept { return inputs_.features(); }
    [[nodiscard]] std::size_t samples() const noexcept { return split_.size(); }

    /// Fills `into`, one place per feature, with the scores of the split's sample of that number.
    void read(std::size_t sample, std::span<float> into) const;
    /// The same, to hand on; does not outlive this.
    [[nodiscard]] SampleRows rows() const;

  private:
    Samples inputs_;
    FeatureScaling scaling_;
    std::vector<std::uint32_t> split_;
};

} // namespace phyll::training
