#include "daemon/training/read_out_parts.hpp"

#include "daemon/training/matrix_product.hpp"
#include "daemon/training/operations.hpp"
#include "daemon/training/tiles.hpp"
#include "drivers/core/minimise.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace phyll::training {
namespace {

/// Samples that one task takes: their features stay in a core's cache.
constexpr std::size_t tile = 512;
/// Samples whose features and scores are held at a time.
constexpr std::size_t chunk = 8 * tile;
constexpr int most_iterations = 200;
/// Gradients are computed in float32: closer to the optimum than this there is only noise.
constexpr double precision = 1e-4;

/// Mean cross-entropy over all parts but one, plus the penalty.
class Objective {
  public:
    /// `all` has the features of all samples, or nothing.
    Objective(const ReadOutParts& parts, ConstBlock all, double regularisation,
              std::size_t held_out)
        : parts_(parts),
          regularisation_(regularisation),
          held_out_(held_out),
          samples_(parts.features.samples -
                   (held_out == nothing_held_out ? 0 : parts.size(held_out))),
          all_(all),
          chunk_(parts.features.channels,
                 all.samples() != 0 ? 0 : std::min(chunk, parts.features.samples)),
          weights_(parts.features.channels, parts.classes),
          bias_(parts.classes) {
        for (std::size_t i = 0; i < tile_count(std::min(chunk, samples_), tile); ++i) {
            tiles_.push_back({.scores = OwnedBlock(parts.classes, tile),
                              .slope = OwnedBlock(parts.features.channels, parts.classes),
                              .bias_slope = std::vector<float>(parts.classes)});
        }
    }

    /// `parameters` and `gradient`: W, class after class, then b.
    double loss(std::span<const double> parameters, std::span<double> gradient) {
        take(parameters);
        operations_ +=
            softmax_gradient_operations(parts_.features.channels, parts_.classes, samples_);
        std::ranges::fill(gradient, 0.0);
        double sum = 0.0;
        for (std::size_t part = 0; part < parts_.parts(); ++part) {
            if (part != held_out_) {
                sum += add_part(part, gradient);
            }
        }
        const std::size_t penalised = weights_.view().size();
        for (std::size_t k = 0; k < penalised; ++k) {
            sum += 0.5 * regularisation_ * parameters[k] * parameters[k];
            gradient[k] += regularisation_ * parameters[k];
        }
        return sum;
    }

    void take(std::span<const double> parameters) {
        const std::span<float> weights = weights_.view().values();
        std::transform(parameters.begin(),
                       parameters.begin() + static_cast<std::ptrdiff_t>(weights.size()),
                       weights.begin(), [](double v) { return static_cast<float>(v); });
        for (std::size_t c = 0; c < bias_.size(); ++c) {
            bias_[c] = static_cast<float>(parameters[weights.size() + c]);
        }
    }
    [[nodiscard]] ReadOut read_out() const {
        return {.weights = weights_, .bias = bias_, .operations = operations_};
    }

  private:
    /// What a few samples add to the loss.
    struct Tile {
        OwnedBlock scores;
        OwnedBlock slope;
        std::vector<float> bias_slope;
        double loss = 0.0;
    };

    double add_part(std::size_t part, std::span<double> gradient) {
        const std::span<const std::uint32_t> labels = parts_.labels_of(part);
        double sum = 0.0;
        for (std::size_t first = 0; first < labels.size(); first += chunk) {
            const std::size_t count = std::min(chunk, labels.size() - first);
            sum += add_chunk(features(parts_.begin[part] + first, count),
                             labels.subspan(first, count), gradient);
        }
        return sum;
    }

    ConstBlock features(std::size_t first, std::size_t count) {
        if (all_.samples() != 0) {
            return all_.slice(first, count);
        }
        const Block columns = chunk_.view().slice(0, count);
        parts_.features.gather(first, columns);
        return columns;
    }

    double add_chunk(ConstBlock features, std::span<const std::uint32_t> labels,
                     std::span<double> gradient) {
        const std::size_t tiles = tile_count(labels.size(), tile);
        const double operations =
            4.0 * static_cast<double>(features.size()) * static_cast<double>(parts_.classes);
        for_each_tile(parts_.workers, tiles, operations, [&](std::size_t i) {
            const std::size_t count = std::min(tile, labels.size() - i * tile);
            fill(tiles_[i], features.slice(i * tile, count), labels.subspan(i * tile, count));
        });
        double sum = 0.0;
        for (const Tile& part : std::span(tiles_).first(tiles)) {
            sum += part.loss;
            const std::span<const float> slope = part.slope.view().values();
            for (std::size_t k = 0; k < slope.size(); ++k) {
                gradient[k] += static_cast<double>(slope[k]);
            }
            for (std::size_t c = 0; c < part.bias_slope.size(); ++c) {
                gradient[slope.size() + c] += static_cast<double>(part.bias_slope[c]);
            }
        }
        return sum;
    }

    void fill(Tile& part, ConstBlock features, std::span<const std::uint32_t> labels) const {
        const Block scores = part.scores.view().slice(0, labels.size());
        affine_map(weights_.view(), bias_, features, scores);
        part.loss = 0.0;
        for (std::size_t i = 0; i < labels.size(); ++i) {
            part.loss += to_slopes(scores.sample(i), labels[i]);
        }
        affine_gradient(features, scores, part.slope.view(), part.bias_slope);
    }

    /// Replaces a sample's scores by the slopes of its share of the loss, which is returned.
    [[nodiscard]] double to_slopes(std::span<float> scores, std::uint32_t label) const {
        const auto largest = static_cast<double>(*std::ranges::max_element(scores));
        const double own = static_cast<double>(scores[label]) - largest;
        double sum = 0.0;
        for (const float score : scores) {
            sum += std::exp(static_cast<double>(score) - largest);
        }
        const double share = 1.0 / static_cast<double>(samples_);
        for (std::size_t c = 0; c < scores.size(); ++c) {
            const double probability = std::exp(static_cast<double>(scores[c]) - largest) / sum;
            scores[c] = static_cast<float>(share * (probability - (c == label ? 1.0 : 0.0)));
        }
        return share * (std::log(sum) - own);
    }

    const ReadOutParts& parts_;
    double regularisation_;
    std::size_t held_out_;
    std::size_t samples_;
    ConstBlock all_;
    OwnedBlock chunk_; ///< the samples at hand, where not all are
    OwnedBlock weights_;
    std::vector<float> bias_;
    std::vector<Tile> tiles_; ///< of a chunk
    double operations_ = 0.0;
};

class SoftmaxFitter final : public ReadOutFitter {
  public:
    explicit SoftmaxFitter(const ReadOutParts& parts)
        : parts_(parts), parameters_((parts.features.channels + 1) * parts.classes) {
        if (parts.features.channels * parts.features.samples <= parts.most_held) {
            all_ = OwnedBlock(parts.features.channels, parts.features.samples);
            parts.features.gather(0, all_.view());
        }
    }

    [[nodiscard]] double operations() const override { return 0.0; }
    /// Every fit starts at zero, so that it is a function of its arguments alone.
    [[nodiscard]] ReadOut fit(double regularisation, std::size_t held_out) override {
        Objective objective(parts_, std::as_const(all_).view(), regularisation, held_out);
        std::ranges::fill(parameters_, 0.0);
        minimise(parameters_,
                 [&](std::span<const double> parameters, std::span<double> gradient) {
                     return objective.loss(parameters, gradient);
                 },
                 {.precision = precision, .most_iterations = most_iterations, .stop = parts_.stop});
        objective.take(parameters_);
        return objective.read_out();
    }

  private:
    const ReadOutParts& parts_;
    OwnedBlock all_; ///< the features, where they are few
    std::vector<double> parameters_;
};

} // namespace

std::unique_ptr<ReadOutFitter> softmax_fitter(const ReadOutParts& parts) {
    return std::make_unique<SoftmaxFitter>(parts);
}

} // namespace phyll::training
