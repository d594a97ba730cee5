#pragma once

#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace phyll::training {

/// The frozen affine map of a rig's raw responses: (response - mean) / scale per output, fitted
/// once on training stimuli.
///
/// - per_output: the scale is the output's own standard deviation, but at least 5 % of the root
///   mean square of all outputs' deviations. Without that floor an output that is dead but for
///   noise would speak as loudly as the others.
/// - common: one scale for all, the root mean square of the deviations.
///
/// If no output responds at all, the scale is 1.
class ResponseScaling {
  public:
    enum class Kind { per_output, common };

    /// Before the first fit: mean 0, scale 1.
    ResponseScaling(Kind kind, std::size_t outputs);

    /// `responses` is outputs x samples, with at least one sample.
    void fit(ConstBlock responses);

    /// Writes the scaled `response` of one sample to `scaled`, of the same length.
    void apply(std::span<const float> response, std::span<float> scaled) const;

    [[nodiscard]] std::span<float> mean() noexcept { return mean_; }
    [[nodiscard]] std::span<const float> mean() const noexcept { return mean_; }
    [[nodiscard]] std::span<float> scale() noexcept { return scale_; }
    [[nodiscard]] std::span<const float> scale() const noexcept { return scale_; }

  private:
    Kind kind_;
    std::vector<float> mean_;
    std::vector<float> scale_;
};

/// The kind called `name`; throws INVALID_ARGUMENT that names `field` and the valid names.
[[nodiscard]] ResponseScaling::Kind parse_response_scaling(std::string_view field,
                                                           std::string_view name);

} // namespace phyll::training
