#include "daemon/training/encoding.hpp"

#include "daemon/training/choices.hpp"
#include "daemon/training/statistics.hpp"
#include "phyll/v1/run_spec.pb.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

namespace phyll::training {
namespace {

/// Values that are sorted out by channel at a time, when an encoder is fitted.
constexpr std::size_t values_at_a_time = std::size_t{1} << 24U;
constexpr std::size_t most_bits = 16;

/// The value below which the share `rank` of `values` lies, interpolated between neighbours.
/// Reorders `values`.
double quantile(std::span<float> values, double rank) {
    const double position = rank * static_cast<double>(values.size() - 1);
    const double whole = std::floor(position);
    const auto nth = values.begin() + static_cast<std::ptrdiff_t>(whole);
    std::nth_element(values.begin(), nth, values.end());
    const auto below = static_cast<double>(*nth);
    if (position == whole) {
        return below;
    }
    const auto above = static_cast<double>(*std::min_element(nth + 1, values.end()));
    return below + (position - whole) * (above - below);
}

struct Line {
    double offset;
    double scale;
};

/// The values that become drive 0 and drive 1.
Line through(double zero, double one) {
    return {.offset = zero, .scale = one - zero};
}

Line fit_line(EncodingKind kind, std::span<float> values) {
    switch (kind) {
    case EncodingKind::affine: {
        const double low = quantile(values, 0.01);
        return through(low, quantile(values, 0.99));
    }
    case EncodingKind::minmax:
    case EncodingKind::phase: {
        const auto [low, high] = std::minmax_element(values.begin(), values.end());
        return through(static_cast<double>(*low), static_cast<double>(*high));
    }
    default:
        break;
    }
    const Moments m = moments(values.size(), [&](std::size_t i) { return values[i]; });
    if (kind == EncodingKind::tanh) {
        return {.offset = m.mean, .scale = m.deviation};
    }
    const double reach = kind == EncodingKind::quantise ? 2.0 : 3.0;
    return through(m.mean - reach * m.deviation, m.mean + reach * m.deviation);
}

/// Whether there is anything to fit.
bool is_fitted(EncodingKind kind) {
    return kind != EncodingKind::unit_norm && kind != EncodingKind::direct;
}

/// Bit `place`, counted from the first that is written, of a level among those of `bits` bits.
bool bit_of(std::size_t level, std::size_t place, std::size_t bits, LevelCode code) {
    if (code == LevelCode::thermometer) {
        return place < level;
    }
    const std::size_t word = code == LevelCode::gray ? level ^ (level >> 1U) : level;
    return ((word >> (bits - 1 - place)) & 1U) != 0;
}

void check_phase(double range, const std::string& field, const RigShape& rig,
                 const std::string& name) {
    if (!rig.phase) {
        throw invalid_field(field + ".encoding.kind",
                            fmt::format("phase needs inputs that are phases in rad, all of the "
                                        "same range; those of rig \"{}\" are not",
                                        name));
    }
    const auto [low, high] = std::minmax(rig.phase->at_zero, rig.phase->at_one);
    // People write 6.2832.
    const double tolerance = 1e-4 * (high - low);
    if (low > tolerance || range > high + tolerance) {
        throw invalid_field(field + ".encoding.phase_range",
                            fmt::format("the phases from 0 to {:g} rad are asked for; rig \"{}\" "
                                        "reaches {:g} to {:g} rad",
                                        range, name, low, high));
    }
}

} // namespace

EncodingKind parse_encoding(std::string_view field, std::string_view name) {
    static constexpr Choices<EncodingKind, 8> choices{{
        {"standard", EncodingKind::standard},
        {"affine", EncodingKind::affine},
        {"minmax", EncodingKind::minmax},
        {"unit_norm", EncodingKind::unit_norm},
        {"tanh", EncodingKind::tanh},
        {"direct", EncodingKind::direct},
        {"quantise", EncodingKind::quantise},
        {"phase", EncodingKind::phase},
    }};
    return choose(field, name, choices);
}

EncodingSettings read_encoding(const std::string& field, const phyll::v1::Encoding& encoding) {
    static constexpr Choices<LevelCode, 3> codes{{
        {"binary", LevelCode::binary},
        {"gray", LevelCode::gray},
        {"thermometer", LevelCode::thermometer},
    }};
    EncodingSettings settings{.kind = parse_encoding(field + ".kind", encoding.kind())};
    if (settings.kind == EncodingKind::quantise) {
        settings.bits = encoding.bits();
        settings.code = choose(field + ".code", encoding.code(), codes);
        if (settings.bits == 0 || settings.bits > most_bits) {
            throw invalid_field(field + ".bits",
                                fmt::format("{}; valid is 1 to {}", settings.bits, most_bits));
        }
    }
    if (settings.kind == EncodingKind::phase) {
        settings.phase_range = encoding.phase_range();
        const bool valid = settings.phase_range > 0.0 && settings.phase_range <= 100.0;
        if (!valid) {
            throw invalid_field(
                field + ".phase_range",
                fmt::format("{} is not above 0 and at most 100 rad", settings.phase_range));
        }
    }
    return settings;
}

void check_encoding(const EncodingSettings& settings, const std::string& field,
                    std::size_t channels, const std::string& origin, const RigShape& rig,
                    const std::string& name) {
    const std::size_t each = settings.inputs_per_channel();
    if (channels * each > rig.inputs) {
        const std::string bits =
            each == 1 ? "" : fmt::format(", and {} bits for each make {}", each, channels * each);
        throw invalid_field(
            field, fmt::format("{} inputs ({}){}, but rig '{}' has {}; a layer needs a rig "
                               "with at least as many inputs as itself",
                               channels, origin, bits, name, rig.inputs));
    }
    if (settings.kind == EncodingKind::phase) {
        check_phase(settings.phase_range, field, rig, name);
    }
}

Encoder::Encoder(const EncodingSettings& settings, std::size_t channels, std::size_t label_entries,
                 const RigShape& rig)
    : settings_(settings),
      label_entries_(label_entries),
      levels_(rig.levels),
      offset_(channels, 0.0F),
      scale_(channels, 1.0F) {
    assert(label_entries <= channels);
    if (settings.kind == EncodingKind::phase && rig.phase) {
        const double whole = rig.phase->at_one - rig.phase->at_zero;
        phase_zero_ = static_cast<float>(-rig.phase->at_zero / whole);
        phase_span_ = static_cast<float>(settings.phase_range / whole);
    }
}

Encoder::Encoder(EncodingKind kind, std::size_t channels, std::size_t label_entries)
    : Encoder(EncodingSettings{.kind = kind}, channels, label_entries) {}

void Encoder::fit(const SampleRows& h) {
    assert(h.channels == offset_.size() && h.samples > 0);
    if (!is_fitted(settings_.kind)) {
        return;
    }
    // As many channels at a time as their values fit into a bounded place.
    const std::size_t at_a_time = std::max<std::size_t>(1, values_at_a_time / h.samples);
    std::vector<float> sample(h.channels);
    for (std::size_t first = label_entries_; first < h.channels; first += at_a_time) {
        const std::size_t count = std::min(at_a_time, h.channels - first);
        OwnedBlock values(h.samples, count); // channel after channel
        for (std::size_t i = 0; i < h.samples; ++i) {
            h.read(i, sample);
            for (std::size_t c = 0; c < count; ++c) {
                values.sample(c)[i] = sample[first + c];
            }
        }
        for (std::size_t c = 0; c < count; ++c) {
            fit_channel(first + c, values.sample(c));
        }
    }
}

void Encoder::fit_channel(std::size_t channel, std::span<float> values) {
    const float first = values.front();
    const Line line = fit_line(settings_.kind, values);
    offset_[channel] = static_cast<float>(line.offset);
    scale_[channel] = static_cast<float>(line.scale);
    if (!std::isnormal(scale_[channel])) {
        offset_[channel] = settings_.kind == EncodingKind::tanh ? first : first - 0.5F;
        scale_[channel] = 1.0F;
    }
}

std::uint64_t Encoder::encode(ConstBlock h, Block x) const {
    const std::size_t each = settings_.inputs_per_channel();
    assert(h.channels() == offset_.size() && x.channels() >= h.channels() * each);
    assert(h.samples() == x.samples());
    std::uint64_t clipped = 0;
    for (std::size_t i = 0; i < h.samples(); ++i) {
        const std::span<const float> in = h.sample(i);
        const std::span<float> out = x.sample(i);
        for (std::size_t c = 0; c < label_entries_; ++c) {
            std::ranges::fill(out.subspan(c * each, each), in[c]);
        }
        clipped += encode_features(in, out.first(in.size() * each));
        std::ranges::fill(out.subspan(in.size() * each), 0.0F);
        round_to_levels(out);
    }
    return clipped;
}

std::uint64_t Encoder::encode_features(std::span<const float> h, std::span<float> x) const {
    switch (settings_.kind) {
    case EncodingKind::unit_norm:
        encode_unit_norm(h, x);
        return 0;
    case EncodingKind::tanh:
        encode_tanh(h, x);
        return 0;
    case EncodingKind::quantise:
        return encode_bits(h, x);
    case EncodingKind::phase: {
        const std::uint64_t clipped = encode_linear(h, x);
        for (float& drive : x.subspan(label_entries_)) {
            drive = std::clamp(phase_zero_ + phase_span_ * drive, 0.0F, 1.0F);
        }
        return clipped;
    }
    default:
        return encode_linear(h, x);
    }
}

std::uint64_t Encoder::encode_linear(std::span<const float> h, std::span<float> x) const {
    std::uint64_t clipped = 0;
    for (std::size_t c = label_entries_; c < h.size(); ++c) {
        const float drive = (h[c] - offset_[c]) / scale_[c];
        clipped += drive < 0.0F || drive > 1.0F ? 1 : 0;
        x[c] = std::clamp(drive, 0.0F, 1.0F);
    }
    return clipped;
}

std::uint64_t Encoder::encode_bits(std::span<const float> h, std::span<float> x) const {
    const std::size_t bits = settings_.bits;
    const std::size_t levels =
        settings_.code == LevelCode::thermometer ? bits + 1 : std::size_t{1} << bits;
    std::uint64_t clipped = 0;
    for (std::size_t c = label_entries_; c < h.size(); ++c) {
        const float position = (h[c] - offset_[c]) / scale_[c];
        if (std::isnan(position)) { // no level; who checks drives will say so
            std::ranges::fill(x.subspan(c * bits, bits), position);
            continue;
        }
        clipped += position < 0.0F || position > 1.0F ? 1 : 0;
        const auto level =
            static_cast<std::size_t>(std::clamp(position, 0.0F, 1.0F) * static_cast<float>(levels));
        for (std::size_t place = 0; place < bits; ++place) {
            const bool one = bit_of(std::min(level, levels - 1), place, bits, settings_.code);
            x[c * bits + place] = one ? 1.0F : 0.0F;
        }
    }
    return clipped;
}

void Encoder::encode_tanh(std::span<const float> h, std::span<float> x) const {
    for (std::size_t c = label_entries_; c < h.size(); ++c) {
        x[c] = 0.5F + 0.5F * std::tanh((h[c] - offset_[c]) / scale_[c]);
    }
}

void Encoder::encode_unit_norm(std::span<const float> h, std::span<float> x) const {
    double square = 0.0;
    for (std::size_t c = label_entries_; c < h.size(); ++c) {
        square += static_cast<double>(h[c]) * static_cast<double>(h[c]);
    }
    const double norm = square > 0.0 ? std::sqrt(square) : 1.0;
    for (std::size_t c = label_entries_; c < h.size(); ++c) {
        x[c] = static_cast<float>(std::abs(static_cast<double>(h[c])) / norm);
    }
}

void Encoder::round_to_levels(std::span<float> x) const {
    for (std::size_t k = 0; k < levels_.size(); ++k) {
        if (levels_[k] > 1) {
            const auto steps = static_cast<float>(levels_[k] - 1);
            x[k] = std::round(x[k] * steps) / steps;
        }
    }
}

} // namespace phyll::training
