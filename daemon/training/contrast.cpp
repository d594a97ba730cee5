#include "daemon/training/contrast.hpp"

#include "daemon/training/matrix_product.hpp"
#include "daemon/training/tiles.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <span>
#include <vector>

namespace phyll::training {
namespace {

constexpr double norm_floor = 1e-6;
/// Columns, or rows, that are one task.
constexpr std::size_t columns_per_contrast_tile = 32;
/// Floating-point operations that an exponential takes, about.
constexpr double operations_per_exponential = 20.0;

float activity(Activation activation, float z) {
    switch (activation) {
    case Activation::abs:
        return std::abs(z);
    case Activation::relu:
        return std::max(z, 0.0F);
    case Activation::identity:
        break;
    }
    return z;
}

double slope_of(Activation activation, float z) {
    switch (activation) {
    case Activation::abs:
        return z > 0.0F ? 1.0 : (z < 0.0F ? -1.0 : 0.0);
    case Activation::relu:
        return z > 0.0F ? 1.0 : 0.0;
    case Activation::identity:
        break;
    }
    return 1.0;
}

double norm_of(Activation activation, std::span<const float> z) {
    double square = 0.0;
    for (const float value : z) {
        const auto a = static_cast<double>(activity(activation, value));
        square += a * a;
    }
    return std::sqrt(square);
}

OwnedBlock transposed(ConstBlock block) {
    OwnedBlock out(block.samples(), block.channels());
    for (std::size_t i = 0; i < block.samples(); ++i) {
        for (std::size_t j = 0; j < block.channels(); ++j) {
            out.sample(j)[i] = block.sample(i)[j];
        }
    }
    return out;
}

/// weights y, without a bias.
OwnedBlock unbiased_product(ConstBlock weights, ConstBlock y, Workers* workers) {
    OwnedBlock z(weights.samples(), y.samples());
    affine_map(weights, std::vector<float>(weights.samples()), y, z.view(), workers);
    return z;
}

/// What the softmax along each column of logits says of its own place, the one on the diagonal.
struct Ranking {
    OwnedBlock shares;              ///< the softmax, column by column
    std::vector<double> loss;       ///< -log of the own share
    std::vector<char> own_is_first; ///< whether no other has more; not bits, as threads share it
};

Ranking rank(ConstBlock similarity, double tau, Workers* workers) {
    const std::size_t count = similarity.samples();
    Ranking ranking{.shares = OwnedBlock(count, count),
                    .loss = std::vector<double>(count),
                    .own_is_first = std::vector<char>(count)};
    const auto column = [&](std::size_t i) {
        const std::span<const float> values = similarity.sample(i);
        const std::span<float> shares = ranking.shares.sample(i);
        const auto most = static_cast<double>(*std::ranges::max_element(values));
        double sum = 0.0;
        for (std::size_t j = 0; j < count; ++j) {
            const double share = std::exp((static_cast<double>(values[j]) - most) / tau);
            shares[j] = static_cast<float>(share);
            sum += share;
        }
        for (float& share : shares) {
            share = static_cast<float>(static_cast<double>(share) / sum);
        }
        const auto own = static_cast<double>(values[i]);
        ranking.loss[i] = std::log(sum) - (own - most) / tau;
        ranking.own_is_first[i] = own == most ? 1 : 0;
    };
    const auto numbers = static_cast<double>(similarity.size());
    for_each_tile(workers, tile_count(count, columns_per_contrast_tile),
                  operations_per_exponential * numbers, [&](std::size_t tile) {
                      const std::size_t begin = tile * columns_per_contrast_tile;
                      const std::size_t end = std::min(begin + columns_per_contrast_tile, count);
                      for (std::size_t i = begin; i < end; ++i) {
                          column(i);
                      }
                  });
    return ranking;
}

/// The gradient with respect to z of a column, from that with respect to its unit activity, which
/// goes into the place of z.
void differentiate_unit(Activation activation, std::span<float> z, std::span<const float> slope) {
    const double norm = norm_of(activation, z);
    double along = 0.0;
    for (std::size_t k = 0; k < z.size(); ++k) {
        along += static_cast<double>(slope[k]) * static_cast<double>(activity(activation, z[k]));
    }
    const double divisor = norm + norm_floor;
    const double share = norm > 0.0 ? along / (norm * divisor) : 0.0;
    for (std::size_t k = 0; k < z.size(); ++k) {
        const auto a = static_cast<double>(activity(activation, z[k]));
        const double tangent = (static_cast<double>(slope[k]) - share * a) / divisor;
        z[k] = static_cast<float>(slope_of(activation, z[k]) * tangent);
    }
}

} // namespace

OwnedBlock unit_activity(Activation activation, ConstBlock z) {
    OwnedBlock unit(z.channels(), z.samples());
    for (std::size_t i = 0; i < z.samples(); ++i) {
        const double divisor = norm_of(activation, z.sample(i)) + norm_floor;
        std::ranges::transform(z.sample(i), unit.sample(i).begin(), [&](float value) {
            return static_cast<float>(static_cast<double>(activity(activation, value)) / divisor);
        });
    }
    return unit;
}

LocalOutcome differentiate_contrast(Activation activation, double tau, Block z, Workers* workers) {
    assert(z.samples() % 2 == 0);
    const std::size_t count = z.samples() / 2;
    const ConstBlock both(z.data(), z.channels(), z.samples());
    const OwnedBlock u = unit_activity(activation, both.slice(0, count));
    const OwnedBlock v = unit_activity(activation, both.slice(count, count));
    // Column j has what v_j has in common with every u.
    const OwnedBlock similarity = unbiased_product(u.view(), v.view(), workers);
    const Ranking by_columns = rank(similarity.view(), tau, workers);
    const Ranking by_rows = rank(transposed(similarity.view()).view(), tau, workers);

    LocalOutcome outcome;
    const double share = 1.0 / static_cast<double>(count);
    for (std::size_t i = 0; i < count; ++i) {
        outcome.loss += 0.5 * share * (by_rows.loss[i] + by_columns.loss[i]);
        outcome.correct += by_rows.own_is_first[i] != 0 ? 1 : 0;
    }
    // ((R + Q)/2 - I)/(B tau), in columns like the similarity.
    OwnedBlock slopes = transposed(by_rows.shares.view());
    for (std::size_t j = 0; j < count; ++j) {
        const std::span<float> column = slopes.sample(j);
        const std::span<const float> other = by_columns.shares.sample(j);
        for (std::size_t i = 0; i < count; ++i) {
            const double mean =
                0.5 * (static_cast<double>(column[i]) + static_cast<double>(other[i]));
            column[i] = static_cast<float>((mean - (i == j ? 1.0 : 0.0)) * share / tau);
        }
    }
    const OwnedBlock of_u =
        unbiased_product(transposed(v.view()).view(), transposed(slopes.view()).view(), workers);
    const OwnedBlock of_v = unbiased_product(transposed(u.view()).view(), slopes.view(), workers);
    for (std::size_t i = 0; i < count; ++i) {
        differentiate_unit(activation, z.sample(i), of_u.sample(i));
        differentiate_unit(activation, z.sample(count + i), of_v.sample(i));
    }
    return outcome;
}

} // namespace phyll::training
