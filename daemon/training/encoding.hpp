#pragma once

#include "daemon/training/rig_shape.hpp"
#include "daemon/training/sample_rows.hpp"
#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace phyll::v1 {
class Encoding;
} // namespace phyll::v1

namespace phyll::training {

enum class EncodingKind { standard, affine, minmax, unit_norm, tanh, direct, quantise, phase };

/// How `quantise` writes a level, as bits.
enum class LevelCode { binary, gray, thermometer };

/// The encoding called `name`; throws INVALID_ARGUMENT that names `field` and the valid names.
[[nodiscard]] EncodingKind parse_encoding(std::string_view field, std::string_view name);

struct EncodingSettings {
    EncodingKind kind = EncodingKind::standard;
    std::size_t bits = 2;             ///< quantise: rig inputs per channel; at least 1
    LevelCode code = LevelCode::gray; ///< quantise
    double phase_range = 0.0;         ///< phase: in rad, above 0

    /// Inputs of the rig that one channel takes.
    [[nodiscard]] std::size_t inputs_per_channel() const noexcept {
        return kind == EncodingKind::quantise ? bits : 1;
    }
};

/// What `encoding` asks for, checked. `field` is its path in the run spec: "layers[0].encoding".
[[nodiscard]] EncodingSettings read_encoding(const std::string& field,
                                             const phyll::v1::Encoding& encoding);

/// Throws INVALID_ARGUMENT, naming the layer's `field` ("layers[0]"), unless the rig called `name`
/// has an input for everything that encoding `channels` channels drives, and can do what it asks
/// for. `origin` says where the channels come from: "8 label entries and 12 features".
void check_encoding(const EncodingSettings& settings, const std::string& field,
                    std::size_t channels, const std::string& origin, const RigShape& rig,
                    const std::string& name);

/// Turns a layer's real-valued input h into a rig's drive in [0, 1], channel by channel:
///
/// - standard: 0.5 + (h - mean) / (6 standard deviations), clipped
/// - affine: the 1st percentile becomes 0, the 99th 1, clipped
/// - minmax: the smallest value becomes 0, the largest 1, clipped
/// - tanh: 0.5 + 0.5 tanh((h - mean) / standard deviation)
/// - unit_norm: |h| / norm(h), over a sample's channels; nothing is fitted. It loses signs.
/// - direct: h itself, clipped; nothing is fitted
/// - quantise: two standard deviations around the mean, clipped, are cut into levels of equal
/// width,
///   2^bits of them (binary, gray) or bits + 1 (thermometer). A channel takes `bits` inputs of the
///   rig, each 0 or 1. binary: the level's digits, the highest first. gray: those of
///   level xor level/2, so that neighbours differ in one bit. thermometer: as many ones as the
///   level says, then zeros.
/// - phase: the smallest value becomes the phase 0, the largest `phase_range`, clipped; the drive
/// is
///   what gives that phase on a rig whose inputs are phases
///
/// The parameters are fitted on training inputs and frozen between fits. A channel that never
/// changed in the fit is encoded as 0.5 (quantise: the level above the middle; phase: half the
/// range) where it stands. The leading `label_entries` channels hold the label overlay, already a
/// drive: they pass unchanged, on as many inputs as any channel takes, and take no part in norms.
/// Inputs of the rig beyond the channels' rest at drive 0.
///
/// Where an input of the rig has a number of levels, its drive is rounded to the nearest of them,
/// so that what is sent, remembered and stored is what the device does. Rounding is not clipping.
class Encoder {
  public:
    /// `rig` is that which `check_encoding` found good; an empty one takes any drive.
    Encoder(const EncodingSettings& settings, std::size_t channels, std::size_t label_entries,
            const RigShape& rig = {});
    Encoder(EncodingKind kind, std::size_t channels, std::size_t label_entries);

    /// `h` has the encoder's channels and at least one sample; it is read a few times, one sample
    /// after the other.
    void fit(const SampleRows& h);

    /// `h` is channels x samples; `x` is n_in x samples, n_in at least what the channels take.
    /// Returns how many values were clipped.
    [[nodiscard]] std::uint64_t encode(ConstBlock h, Block x) const;

    /// What is frozen, per channel: (h - offset) / scale is the drive before clipping (quantise,
    /// phase: the position in the range), or the argument of tanh.
    [[nodiscard]] std::span<float> offset() noexcept { return offset_; }
    [[nodiscard]] std::span<const float> offset() const noexcept { return offset_; }
    [[nodiscard]] std::span<float> scale() noexcept { return scale_; }
    [[nodiscard]] std::span<const float> scale() const noexcept { return scale_; }

  private:
    void fit_channel(std::size_t channel, std::span<float> values);
    [[nodiscard]] std::uint64_t encode_features(std::span<const float> h, std::span<float> x) const;
    [[nodiscard]] std::uint64_t encode_linear(std::span<const float> h, std::span<float> x) const;
    [[nodiscard]] std::uint64_t encode_bits(std::span<const float> h, std::span<float> x) const;
    void encode_tanh(std::span<const float> h, std::span<float> x) const;
    void encode_unit_norm(std::span<const float> h, std::span<float> x) const;
    void round_to_levels(std::span<float> x) const;

    EncodingSettings settings_;
    std::size_t label_entries_;
    std::vector<unsigned> levels_;
    float phase_zero_ = 0.0F; ///< drive of phase 0
    float phase_span_ = 1.0F; ///< drive of the largest phase beyond that
    std::vector<float> offset_;
    std::vector<float> scale_;
};

} // namespace phyll::training
