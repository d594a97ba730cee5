#include "daemon/training/read_out.hpp"

#include "daemon/training/matrix_product.hpp"
#include "daemon/training/operations.hpp"
#include "daemon/training/read_out_parts.hpp"
#include "daemon/training/statistics.hpp"
#include "drivers/core/error.hpp"
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
/// Samples that are classified at a time.
constexpr std::size_t samples_at_a_time = 1024;

struct Standard {
    std::vector<float> mean;
    std::vector<float> scale; ///< infinite for a feature that never changes: it gets no weight
};

Standard standard_of(const SampleRows& features) {
    Standard standard;
    for (const Moments& m : moments_of(features)) {
        const auto scale = static_cast<float>(m.deviation);
        const bool dead = !std::isnormal(scale) || m.deviation < 1e-6 * std::abs(m.mean);
        standard.mean.push_back(static_cast<float>(m.mean));
        standard.scale.push_back(dead ? INFINITY : scale);
    }
    return standard;
}

/// Samples in a keyed order, cut so that each part can be held out from the others. Refers to
/// `standard`.
ReadOutParts cut(const SampleRows& features, std::span<const std::uint32_t> labels,
                 std::size_t classes, const Standard& standard, const ReadOutSettings& settings) {
    std::vector<std::uint32_t> originals(features.samples / settings.shown_as);
    std::iota(originals.begin(), originals.end(), 0U);
    KeyedRandom(settings.seed, "read-out folds").shuffle(originals, 0);
    std::vector<std::uint32_t> order;
    order.reserve(features.samples);
    for (const std::uint32_t original : originals) {
        for (std::size_t copy = 0; copy < settings.shown_as; ++copy) {
            order.push_back(static_cast<std::uint32_t>(original * settings.shown_as + copy));
        }
    }
    ReadOutParts parts;
    parts.classes = classes;
    parts.most_held = settings.most_held;
    parts.workers = settings.workers;
    parts.stop = settings.stop;
    for (const std::uint32_t sample : order) {
        parts.labels.push_back(labels[sample]);
    }
    const std::size_t count = std::min(folds, originals.size());
    for (std::size_t part = 0; part <= count; ++part) {
        parts.begin.push_back(part * originals.size() / count * settings.shown_as);
    }
    if (count > 1) { // what is held out of a single sample leaves nothing to learn from
        parts.held_out = order.size() < large ? count : 1;
    }
    parts.features = {features.channels, features.samples,
                      [read = features.read, order = std::move(order),
                       &standard](std::size_t i, std::span<float> into) {
                          read(order[i], into);
                          for (std::size_t k = 0; k < into.size(); ++k) {
                              into[k] = (into[k] - standard.mean[k]) / standard.scale[k];
                          }
                      }};
    return parts;
}

/// The strongest of the grid where nothing could be held out, as on any tie. Adds what that takes.
double choose_regularisation(const ReadOutParts& parts, ReadOutKind kind, ReadOutFitter& fitter,
                             double& operations) {
    const std::span<const double> grid = read_out_grid(kind);
    std::vector<std::size_t> hits(grid.size());
    for (std::size_t part = 0; part < parts.held_out; ++part) {
        for (std::size_t g = 0; g < grid.size(); ++g) {
            const ReadOut fitted = fitter.fit(grid[g], part);
            hits[g] += fitted.count_hits(parts.rows(part), parts.labels_of(part));
            operations += fitted.operations + affine_operations(parts.features.channels,
                                                                parts.classes, parts.size(part));
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

OwnedBlock ReadOut::scores(ConstBlock features) const {
    OwnedBlock scores(bias.size(), features.samples());
    affine_map(weights.view(), bias, features, scores.view());
    return scores;
}

std::vector<std::uint32_t> ReadOut::classify(ConstBlock features) const {
    const OwnedBlock all = scores(features);
    std::vector<std::uint32_t> labels(features.samples());
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const std::span<const float> of_sample = all.sample(i);
        labels[i] =
            static_cast<std::uint32_t>(std::ranges::max_element(of_sample) - of_sample.begin());
    }
    return labels;
}

std::size_t ReadOut::count_hits(const SampleRows& features,
                                std::span<const std::uint32_t> labels) const {
    assert(features.samples == labels.size());
    std::size_t hits = 0;
    OwnedBlock chunk(features.channels, std::min(samples_at_a_time, features.samples));
    for (std::size_t first = 0; first < features.samples; first += chunk.samples()) {
        const std::size_t count = std::min(chunk.samples(), features.samples - first);
        const Block columns = chunk.view().slice(0, count);
        features.gather(first, columns);
        const std::vector<std::uint32_t> found = classify(columns);
        for (std::size_t i = 0; i < count; ++i) {
            hits += found[i] == labels[first + i] ? 1 : 0;
        }
    }
    return hits;
}

void ReadOutParts::check_stop() const {
    if (stop.stop_requested()) {
        throw Error(Code::cancelled, "the fit of a read-out was stopped");
    }
}

ReadOut fit_read_out(const SampleRows& features, std::span<const std::uint32_t> labels,
                     std::size_t classes, const ReadOutSettings& settings) {
    assert(features.samples == labels.size() && !labels.empty() && settings.shown_as > 0 &&
           labels.size() % settings.shown_as == 0);
    const Standard standard = standard_of(features);
    const ReadOutParts parts = cut(features, labels, classes, standard, settings);
    const std::unique_ptr<ReadOutFitter> fitter =
        settings.kind == ReadOutKind::ridge ? ridge_fitter(parts) : softmax_fitter(parts);
    double operations = fitter->operations();
    const double regularisation =
        settings.regularisation ? *settings.regularisation
                                : choose_regularisation(parts, settings.kind, *fitter, operations);
    ReadOut read_out = fitter->fit(regularisation, nothing_held_out);
    read_out.regularisation = regularisation;
    read_out.operations += operations;
    undo(standard, read_out);
    return read_out;
}

} // namespace phyll::training
