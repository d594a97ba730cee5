#pragma once

#include "drivers/core/physical_layer.hpp"

#include <cstddef>
#include <span>

namespace phyll {

/// Turns the values of a sample into bytes and back, in the format that a rig states.
///
/// - bits: a value is 0 or 1; eight to a byte, the first in the lowest bit
/// - u8, u16_scaled: one or two bytes (little-endian) hold the integer n of
///   value = offset + scale n, computed in float64 and rounded to float32
/// - float32: the value itself (little-endian)
///
/// Each sample begins with a byte of its own.
class SampleCodec {
  public:
    /// Throws INVALID_ARGUMENT when the scale of an integer format is 0 or not finite, or its
    /// offset is not finite.
    SampleCodec(const StorageFormat& format, std::size_t channels);

    [[nodiscard]] std::size_t channels() const noexcept { return channels_; }
    [[nodiscard]] std::size_t bytes() const noexcept; ///< of a sample

    /// `into` has `bytes()` bytes. Throws INTERNAL, naming channel, value and format, when a value
    /// would not come back as it is: whoever stated the format was wrong.
    void encode(std::span<const float> values, std::span<std::byte> into) const;
    /// The reverse: `from` has `bytes()` bytes, `values` one place per channel.
    void decode(std::span<const std::byte> from, std::span<float> values) const;

  private:
    template <class Integer>
    void encode_integers(std::span<const float> values, std::span<std::byte> into) const;
    template <class Integer>
    void decode_integers(std::span<const std::byte> from, std::span<float> values) const;
    void encode_bits(std::span<const float> values, std::span<std::byte> into) const;
    [[noreturn]] void refuse(std::size_t channel, float value) const;

    StorageFormat format_;
    std::size_t channels_;
};

} // namespace phyll
