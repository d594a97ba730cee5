#include "drivers/core/sample_codec.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

namespace phyll {

static_assert(std::endian::native == std::endian::little, "stored numbers are little-endian");

namespace {

using Kind = StorageFormat::Kind;

bool is_integer(Kind kind) {
    return kind == Kind::u8 || kind == Kind::u16_scaled;
}

float value_of(const StorageFormat& format, double integer) {
    return static_cast<float>(format.offset + format.scale * integer);
}

std::string describe(const StorageFormat& format) {
    switch (format.kind) {
    case Kind::bits:
        return "bits";
    case Kind::u8:
        return fmt::format("u8, {} + {} n", format.offset, format.scale);
    case Kind::u16_scaled:
        return fmt::format("u16, {} + {} n", format.offset, format.scale);
    case Kind::float32:
        break;
    }
    return "float32";
}

} // namespace

SampleCodec::SampleCodec(const StorageFormat& format, std::size_t channels)
    : format_(format), channels_(channels) {
    const bool usable =
        std::isfinite(format.scale) && format.scale != 0.0 && std::isfinite(format.offset);
    if (is_integer(format.kind) && !usable) {
        throw Error(Code::invalid_argument,
                    fmt::format("the storage format {} is none: the scale is finite and not 0, the "
                                "offset finite",
                                describe(format)));
    }
}

std::size_t SampleCodec::bytes() const noexcept {
    switch (format_.kind) {
    case Kind::bits:
        return (channels_ + 7) / 8;
    case Kind::u8:
        return channels_;
    case Kind::u16_scaled:
        return channels_ * sizeof(std::uint16_t);
    case Kind::float32:
        break;
    }
    return channels_ * sizeof(float);
}

void SampleCodec::encode(std::span<const float> values, std::span<std::byte> into) const {
    assert(values.size() == channels_ && into.size() == bytes());
    switch (format_.kind) {
    case Kind::bits:
        encode_bits(values, into);
        break;
    case Kind::u8:
        encode_integers<std::uint8_t>(values, into);
        break;
    case Kind::u16_scaled:
        encode_integers<std::uint16_t>(values, into);
        break;
    case Kind::float32:
        std::ranges::copy(std::as_bytes(values), into.begin());
        break;
    }
}

void SampleCodec::decode(std::span<const std::byte> from, std::span<float> values) const {
    assert(values.size() == channels_ && from.size() == bytes());
    switch (format_.kind) {
    case Kind::bits:
        for (std::size_t k = 0; k < values.size(); ++k) {
            values[k] = static_cast<float>(std::to_integer<unsigned>(from[k / 8] >> (k % 8)) & 1U);
        }
        break;
    case Kind::u8:
        decode_integers<std::uint8_t>(from, values);
        break;
    case Kind::u16_scaled:
        decode_integers<std::uint16_t>(from, values);
        break;
    case Kind::float32:
        std::ranges::copy(from, std::as_writable_bytes(values).begin());
        break;
    }
}

template <class Integer>
void SampleCodec::encode_integers(std::span<const float> values, std::span<std::byte> into) const {
    constexpr auto largest = static_cast<double>(std::numeric_limits<Integer>::max());
    for (std::size_t k = 0; k < values.size(); ++k) {
        const double position = (static_cast<double>(values[k]) - format_.offset) / format_.scale;
        const bool fits = position > -0.5 && position < largest + 0.5;
        // Rounds; std::round would take most of the time that storing takes.
        const auto integer = static_cast<Integer>(fits ? position + 0.5 : 0.0);
        if (!fits || value_of(format_, static_cast<double>(integer)) != values[k]) {
            refuse(k, values[k]);
        }
        std::memcpy(&into[k * sizeof integer], &integer, sizeof integer);
    }
}

template <class Integer>
void SampleCodec::decode_integers(std::span<const std::byte> from, std::span<float> values) const {
    for (std::size_t k = 0; k < values.size(); ++k) {
        Integer integer = 0;
        std::memcpy(&integer, &from[k * sizeof integer], sizeof integer);
        values[k] = value_of(format_, static_cast<double>(integer));
    }
}

void SampleCodec::encode_bits(std::span<const float> values, std::span<std::byte> into) const {
    std::ranges::fill(into, std::byte{0});
    for (std::size_t k = 0; k < values.size(); ++k) {
        if (values[k] != 0.0F && values[k] != 1.0F) {
            refuse(k, values[k]);
        }
        into[k / 8] |= std::byte{values[k] == 1.0F} << (k % 8);
    }
}

void SampleCodec::refuse(std::size_t channel, float value) const {
    throw Error(Code::internal,
                fmt::format("the value {} of channel {} does not survive the storage format that "
                            "is stated for it, {}: it was not kept",
                            value, channel, describe(format_)));
}

} // namespace phyll
