#pragma once

#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace phyll::training {

enum class EncodingKind { standard, affine, minmax, unit_norm, tanh };

/// The encoding called `name`; throws INVALID_ARGUMENT that names `field` and the valid names.
[[nodiscard]] EncodingKind parse_encoding(std::string_view field, std::string_view name);

/// Turns a layer's real-valued input h into a rig's drive in [0, 1], channel by channel:
///
/// - standard: 0.5 + (h - mean) / (6 standard deviations), clipped
/// - affine: the 1st percentile becomes 0, the 99th 1, clipped
/// - minmax: the smallest value becomes 0, the largest 1, clipped
/// - tanh: 0.5 + 0.5 tanh((h - mean) / standard deviation)
/// - unit_norm: |h| / norm(h), over a sample's channels; nothing is fitted. It loses signs.
///
/// The parameters are fitted on training inputs and frozen between fits. A channel that never
/// changed in the fit is encoded as 0.5 where it stands. The leading `label_entries` channels hold
/// the label overlay, already a drive: they pass unchanged and take no part in norms. Inputs of the
/// rig beyond the channels rest at drive 0.
class Encoder {
  public:
    Encoder(EncodingKind kind, std::size_t channels, std::size_t label_entries);

    /// `h` is channels x samples, at least one sample.
    void fit(ConstBlock h);

    /// `x` is n_in x samples, n_in at least the channels. Returns how many values were clipped.
    [[nodiscard]] std::uint64_t encode(ConstBlock h, Block x) const;

    /// What is frozen, per channel: (h - offset) / scale is the drive before clipping, or the
    /// argument of tanh.
    [[nodiscard]] std::span<float> offset() noexcept { return offset_; }
    [[nodiscard]] std::span<const float> offset() const noexcept { return offset_; }
    [[nodiscard]] std::span<float> scale() noexcept { return scale_; }
    [[nodiscard]] std::span<const float> scale() const noexcept { return scale_; }

  private:
    void fit_channel(std::size_t channel, std::vector<float>& values);
    [[nodiscard]] std::uint64_t encode_linear(std::span<const float> h, std::span<float> x) const;
    void encode_tanh(std::span<const float> h, std::span<float> x) const;
    void encode_unit_norm(std::span<const float> h, std::span<float> x) const;

    EncodingKind kind_;
    std::size_t label_entries_;
    std::vector<float> offset_;
    std::vector<float> scale_;
};

} // namespace phyll::training
