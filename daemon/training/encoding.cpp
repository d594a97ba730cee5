#include "daemon/training/encoding.hpp"

#include "daemon/training/choices.hpp"
#include "daemon/training/statistics.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace phyll::training {
namespace {

/// The value below which the share `rank` of `values` lies, interpolated between neighbours.
/// Reorders `values`.
double quantile(std::vector<float>& values, double rank) {
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

Line fit_line(EncodingKind kind, std::vector<float>& values) {
    switch (kind) {
    case EncodingKind::affine: {
        const double low = quantile(values, 0.01);
        return through(low, quantile(values, 0.99));
    }
    case EncodingKind::minmax: {
        const auto [low, high] = std::minmax_element(values.begin(), values.end());
        return through(static_cast<double>(*low), static_cast<double>(*high));
    }
    default:
        break;
    }
    const Moments m = moments(values.size(), [&](std::size_t i) { return values[i]; });
    return kind == EncodingKind::tanh
               ? Line{.offset = m.mean, .scale = m.deviation}
               : through(m.mean - 3.0 * m.deviation, m.mean + 3.0 * m.deviation);
}

} // namespace

EncodingKind parse_encoding(std::string_view field, std::string_view name) {
    static constexpr Choices<EncodingKind, 5> choices{{
        {"standard", EncodingKind::standard},
        {"affine", EncodingKind::affine},
        {"minmax", EncodingKind::minmax},
        {"unit_norm", EncodingKind::unit_norm},
        {"tanh", EncodingKind::tanh},
    }};
    return choose(field, name, choices);
}

Encoder::Encoder(EncodingKind kind, std::size_t channels, std::size_t label_entries)
    : kind_(kind), label_entries_(label_entries), offset_(channels, 0.0F), scale_(channels, 1.0F) {
    assert(label_entries <= channels);
}

void Encoder::fit(ConstBlock h) {
    assert(h.channels() == offset_.size() && h.samples() > 0);
    if (kind_ == EncodingKind::unit_norm) {
        return;
    }
    std::vector<float> values(h.samples());
    for (std::size_t c = label_entries_; c < offset_.size(); ++c) {
        for (std::size_t i = 0; i < values.size(); ++i) {
            values[i] = h.sample(i)[c];
        }
        fit_channel(c, values);
    }
}

void Encoder::fit_channel(std::size_t channel, std::vector<float>& values) {
    const float first = values.front();
    const Line line = fit_line(kind_, values);
    offset_[channel] = static_cast<float>(line.offset);
    scale_[channel] = static_cast<float>(line.scale);
    if (!std::isnormal(scale_[channel])) {
        offset_[channel] = kind_ == EncodingKind::tanh ? first : first - 0.5F;
        scale_[channel] = 1.0F;
    }
}

std::uint64_t Encoder::encode(ConstBlock h, Block x) const {
    assert(h.channels() == offset_.size() && x.channels() >= h.channels());
    assert(h.samples() == x.samples());
    std::uint64_t clipped = 0;
    for (std::size_t i = 0; i < h.samples(); ++i) {
        const std::span<const float> in = h.sample(i);
        const std::span<float> out = x.sample(i);
        std::copy_n(in.begin(), label_entries_, out.begin());
        switch (kind_) {
        case EncodingKind::unit_norm:
            encode_unit_norm(in, out);
            break;
        case EncodingKind::tanh:
            encode_tanh(in, out);
            break;
        default:
            clipped += encode_linear(in, out);
        }
        std::fill(out.begin() + static_cast<std::ptrdiff_t>(in.size()), out.end(), 0.0F);
    }
    return clipped;
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

} // namespace phyll::training
