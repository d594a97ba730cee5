#include "sim/rigs/twin/fit.hpp"

#include "drivers/core/kernels/elementwise.hpp"
#include "drivers/core/minimise.hpp"
#include "drivers/core/random.hpp"
#include "sim/rigs/twin/products.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace phyll::sim {
namespace {

/// Parts of the samples whose gradients are computed side by side and added in order: fixed, so
/// that the sum does not depend on the number of threads.
constexpr std::size_t parts = 16;
constexpr int corrections = 10;
/// Gradients are computed in float32: closer to the optimum than this there is only noise.
constexpr double precision = 1e-6;

std::size_t parameters_of(const TwinWeights& weights) {
    return weights.w1.view().size() + weights.b1.size() + weights.w2.view().size() +
           weights.b2.size();
}

/// Calls use(numbers) for each part of the weights, in the order in which they are parameters.
template <class Weights, class Use>
void for_each_part(Weights& weights, const Use& use) {
    use(weights.w1.view().values());
    use(std::span(weights.b1));
    use(weights.w2.view().values());
    use(std::span(weights.b2));
}

/// The gradient of one part of the samples, and the room to compute it.
class PartGradient {
  public:
    PartGradient(std::size_t inputs, std::size_t hidden, std::size_t outputs)
        : gradient_(inputs, hidden, outputs),
          sum_(parameters_of(gradient_)),
          units_(hidden * twin_tile),
          slopes_(hidden, twin_tile),
          stimuli_(inputs, twin_tile),
          errors_(outputs, twin_tile) {}

    void clear() {
        std::ranges::fill(sum_, 0.0);
        loss_ = 0.0;
    }

    /// Adds the samples of one tile. `w2_back` is W2, packed to be multiplied from the other side.
    void add(const TwinNetwork& network, const AlignedFloats& w2_back, ConstBlock x, ConstBlock z,
             double share) {
        const std::size_t count = x.samples();
        std::ranges::fill(stimuli_.view().values(), 0.0F);
        std::ranges::copy(x.values(), stimuli_.view().data());
        const Block units(units_.data(), network.hidden(), twin_tile);
        network.compute(std::as_const(stimuli_).view(), units, errors_.view());
        to_errors(z, share);
        const Block errors = errors_.view().slice(0, count);
        const Block slopes = slopes_.view().slice(0, count);
        const kernels::MatrixView errors_by_sample = by_sample(errors);
        kernels::phyll_product(w2_back.data(), network.hidden(), &errors_by_sample, nullptr,
                               slopes.data(), network.hidden());
        const Block values = units.slice(0, count);
        std::transform(slopes.values().begin(), slopes.values().end(), values.values().begin(),
                       slopes.values().begin(),
                       [](float slope, float unit) { return slope * (1.0F - unit * unit); });
        outer(x, slopes, gradient_.w1, gradient_.b1);
        outer(values, errors, gradient_.w2, gradient_.b2);
        std::size_t place = 0;
        for_each_part(gradient_, [&](std::span<const float> numbers) {
            for (const float number : numbers) {
                sum_[place++] += static_cast<double>(number);
            }
        });
    }

    [[nodiscard]] const std::vector<double>& sum() const noexcept { return sum_; }
    [[nodiscard]] double loss() const noexcept { return loss_; }

  private:
    /// Replaces the tile's answers by the slopes of the loss, and adds the loss.
    void to_errors(ConstBlock z, double share) {
        for (std::size_t i = 0; i < z.samples(); ++i) {
            const std::span<float> error = errors_.sample(i);
            for (std::size_t k = 0; k < error.size(); ++k) {
                const double difference =
                    static_cast<double>(error[k]) - static_cast<double>(z.sample(i)[k]);
                loss_ += 0.5 * share * difference * difference;
                error[k] = static_cast<float>(share * difference);
            }
        }
    }

    /// The gradients of a map's weights and bias: sums over samples of slope times input.
    static void outer(ConstBlock input, ConstBlock slope, OwnedBlock& weights,
                      std::vector<float>& bias) {
        const AlignedFloats left = packed(by_channel(input));
        const kernels::MatrixView right = by_channel(slope);
        kernels::phyll_product(left.data(), input.channels(), &right, nullptr,
                               weights.view().data(), input.channels());
        kernels::phyll_sum_samples(slope.data(), slope.channels(), slope.channels(),
                                   slope.samples(), bias.data());
    }

    TwinWeights gradient_; ///< of a tile
    std::vector<double> sum_;
    double loss_ = 0.0;
    AlignedFloats units_;
    OwnedBlock slopes_;
    OwnedBlock stimuli_;
    OwnedBlock errors_;
};

class Objective {
  public:
    Objective(ConstBlock x, ConstBlock z, const TwinFit& how, Workers& workers)
        : x_(x),
          z_(z),
          regularisation_(how.regularisation),
          workers_(workers),
          weights_(x.channels(), how.hidden, z.channels()) {
        for (std::size_t part = 0; part < parts; ++part) {
            gradients_.emplace_back(x.channels(), how.hidden, z.channels());
        }
    }

    [[nodiscard]] const TwinWeights& take(std::span<const double> parameters) {
        std::size_t place = 0;
        for_each_part(weights_, [&](std::span<float> numbers) {
            for (float& number : numbers) {
                number = static_cast<float>(parameters[place++]);
            }
        });
        return weights_;
    }

    double loss(std::span<const double> parameters, std::span<double> gradient) {
        const TwinNetwork network(take(parameters));
        const AlignedFloats w2_back = packed(by_channel(std::as_const(weights_.w2).view()));
        const double share = 1.0 / static_cast<double>(z_.size());
        workers_.run(parts, [&](std::size_t part) {
            gradients_[part].clear();
            for (std::size_t first = part * twin_tile; first < x_.samples();
                 first += parts * twin_tile) {
                const std::size_t count = std::min(twin_tile, x_.samples() - first);
                gradients_[part].add(network, w2_back, x_.slice(first, count),
                                     z_.slice(first, count), share);
            }
        });
        double sum = 0.0;
        for (std::size_t k = 0; k < parameters.size(); ++k) {
            sum += 0.5 * regularisation_ * parameters[k] * parameters[k];
            gradient[k] = regularisation_ * parameters[k];
        }
        for (const PartGradient& part : gradients_) {
            sum += part.loss();
            std::ranges::transform(gradient, part.sum(), gradient.begin(), std::plus<>());
        }
        return sum;
    }

  private:
    ConstBlock x_;
    ConstBlock z_;
    double regularisation_;
    Workers& workers_;
    TwinWeights weights_;
    std::vector<PartGradient> gradients_;
};

/// Small enough that no unit begins saturated, different enough that no two are alike.
void draw(std::span<double> parameters, const TwinFit& how, std::size_t inputs) {
    const KeyedRandom random(how.seed, "twin weights");
    const std::size_t first_layer = inputs * how.hidden;
    const double w1 = 0.7 / std::sqrt(static_cast<double>(inputs));
    const double w2 = 0.3 / std::sqrt(static_cast<double>(how.hidden));
    for (std::size_t k = 0; k < parameters.size(); ++k) {
        const double scale = k < first_layer ? w1 : k < first_layer + how.hidden ? 0.3 : w2;
        parameters[k] = scale * random.normal(k);
    }
}

} // namespace

TwinWeights fit_network(ConstBlock x, ConstBlock z, const TwinFit& how, Workers& workers) {
    Objective objective(x, z, how, workers);
    const std::size_t size = (x.channels() + 1) * how.hidden + (how.hidden + 1) * z.channels();
    std::vector<double> parameters(size);
    draw(parameters, how, x.channels());
    minimise(parameters,
             [&](std::span<const double> at, std::span<double> gradient) {
                 return objective.loss(at, gradient);
             },
             {.corrections = corrections,
              .precision = precision,
              .most_iterations = static_cast<int>(how.iterations)});
    return objective.take(parameters);
}

} // namespace phyll::sim
