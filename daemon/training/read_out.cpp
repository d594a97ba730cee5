#include "daemon/training/read_out.hpp"

#include "daemon/training/matrix_product.hpp"
#include "daemon/training/read_out_parts.hpp"
#include "daemon/training/statistics.hpp"
#include "drivers/core/random.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numeric>
#include <utility>

namespace phyll::training {
namespace {

constexpr std::size_t folds = 5;
/// From here on a single fifth that is held out says enough.
constexpr std::size_t large = 2000;

struct Standard {
    std::vector<float> mean;
    std::vector<float> scale; ///< infinite for a feature that never changes: it gets no weight
};

Standard standard_of(ConstBlock features) {
    Standard standard;
    for (std::size_t k = 0; k < features.channels(); ++k) {
        const Moments m =
            moments(features.samples(), [&](std::size_t i) { return features.sample(i)[k]; });
        const auto scale = static_cast<float>(m.deviation);
        const bool dead = !std::isnormal(scale) || m.deviation < 1e-6 * std::abs(m.mean);
        standard.mean.push_back(static_cast<float>(m.mean));
        standard.scale.push_back(dead ? INFINITY : scale);
    }
    return standard;
}

/// Samples in a keyed order, cut so that each part can be held out from the others.
ReadOutParts cut(ConstBlock features, std::span<const std::uint32_t> labels, std::size_t classes,
                 const Standard& standard, std::uint64_t seed) {
    const std::size_t samples = features.samples();
    std::vector<std::uint32_t> order(samples);
    std::iota(order.begin(), order.end(), 0U);
    KeyedRandom(seed, "read-out folds").shuffle(order, 0);
    ReadOutParts parts{.features = OwnedBlock(features.channels(), samples),
                       .labels = std::vector<std::uint32_t>(samples),
                       .begin = {},
                       .classes = classes};
    for (std::size_t i = 0; i < samples; ++i) {
        const std::span<const float> from = features.sample(order[i]);
        const std::span<float> to = parts.features.sample(i);
        for (std::size_t k = 0; k < from.size(); ++k) {
            to[k] = (from[k] - standard.mean[k]) / standard.scale[k];
        }
        parts.labels[i] = labels[order[i]];
    }
    const std::size_t count = std::min(folds, samples);
    for (std::size_t part = 0; part <= count; ++part) {
        parts.begin.push_back(part * samples / count);
    }
    return parts;
}

double choose_regularisation(const ReadOutParts& parts, ReadOutKind kind, ReadOutFitter& fitter) {
    const std::span<const double> grid = read_out_grid(kind);
    std::vector<std::size_t> hits(grid.size());
    const std::size_t held_out = parts.features.samples() < large ? parts.parts() : 1;
    for (std::size_t part = 0; part < held_out; ++part) {
        for (std::size_t g = 0; g < grid.size(); ++g) {
            hits[g] +=
                fitter.fit(grid[g], part).count_hits(parts.block(part), parts.labels_of(part));
        }
    }
    return grid[static_cast<std::size_t>(std::ranges::max_element(hits) - hits.begin())];
}

/// The same read-out for features that are not standardised.
void undo(const Standard& standard, ReadOut& read_out) {
    for (std::size_t c = 0; c < read_out.bias.size(); ++c) {
        const std::span<float> weights = read_out.weights.sample(c);
        double shift = 0.0;
        for (std::size_t k = 0; k < weights.size(); ++k) {
            weights[k] /= standard.scale[k];
            shift += static_cast<double>(weights[k]) * static_cast<double>(standard.mean[k]);
        }
        read_out.bias[c] = static_cast<float>(static_cast<double>(read_out.bias[c]) - shift);
    }
}

} // namespace

std::span<const double> read_out_grid(ReadOutKind kind) noexcept {
    static constexpr std::array ridge{10.0, 1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6};
    static constexpr std::array softmax{1e-1, 1e-2, 1e-3, 1e-4, 1e-5};
    return kind == ReadOutKind::ridge ? std::span<const double>(ridge)
                                      : std::span<const double>(softmax);
}

std::vector<std::uint32_t> ReadOut::classify(ConstBlock features) const {
    OwnedBlock scores(bias.size(), features.samples());
    affine_map(weights.view(), bias, features, scores.view());
    std::vector<std::uint32_t> labels(features.samples());
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const std::span<const float> of_sample = std::as_const(scores).sample(i);
        labels[i] =
            static_cast<std::uint32_t>(std::ranges::max_element(of_sample) - of_sample.begin());
    }
    return labels;
}

std::size_t ReadOut::count_hits(ConstBlock features, std::span<const std::uint32_t> labels) const {
    assert(features.samples() == labels.size());
    const std::vector<std::uint32_t> found = classify(features);
    std::size_t hits = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        hits += found[i] == labels[i] ? 1 : 0;
    }
    return hits;
}

ReadOut fit_read_out(ConstBlock features, std::span<const std::uint32_t> labels,
                     std::size_t classes, const ReadOutSettings& settings) {
    assert(features.samples() == labels.size() && !labels.empty());
    const Standard standard = standard_of(features);
    const ReadOutParts parts = cut(features, labels, classes, standard, settings.seed);
    const std::unique_ptr<ReadOutFitter> fitter =
        settings.kind == ReadOutKind::ridge ? ridge_fitter(parts) : softmax_fitter(parts);
    const double regularisation = settings.regularisation
                                      ? *settings.regularisation
                                      : choose_regularisation(parts, settings.kind, *fitter);
    ReadOut read_out = fitter->fit(regularisation, nothing_held_out);
    read_out.regularisation = regularisation;
    undo(standard, read_out);
    return read_out;
}

} // namespace phyll::training
