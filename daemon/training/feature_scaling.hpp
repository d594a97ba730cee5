#pragma once

#include "drivers/core/sample_block.hpp"

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

    /// `inputs` is features x samples; only the samples in `training` are looked at.
    [[nodiscard]] static FeatureScaling fit(ConstBlock inputs,
                                            std::span<const std::uint32_t> training);

    /// The scores of `samples` of `inputs`, in that order: features x samples.
    [[nodiscard]] OwnedBlock apply(ConstBlock inputs, std::span<const std::uint32_t> samples) const;
};

} // namespace phyll::training
