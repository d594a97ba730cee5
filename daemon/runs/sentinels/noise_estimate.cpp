#include "daemon/runs/sentinels/noise_estimate.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace phyll::runs::sentinels {
namespace {

/// Minus the logarithm of what one comparison may be wrong by. A round makes at most 30 comparisons
/// and a day has at most 4320 rounds: 0.04 wrong ones a day when none depended on another.
constexpr double doubt = 15.0;

/// Standard normal quantile of 1 - 1e-3: an era in a thousand begins with a noise that is
/// underestimated by more than is allowed for.
constexpr double era_quantile = 3.09;

/// By what an estimate of a variance with so many degrees of freedom is multiplied so that it is
/// too small in one case of a thousand. Wilson and Hilferty's approximation of chi squared.
double inflation(double degrees) {
    const double variance = 2.0 / (9.0 * degrees);
    const double root = 1.0 - variance - era_quantile * std::sqrt(variance);
    constexpr double least = 0.3; // of fewer than 5 degrees the approximation knows nothing
    return std::pow(std::max(root, least), -3.0);
}

} // namespace

NoiseEstimate::NoiseEstimate(std::size_t channels, std::size_t sentinels)
    : channels_(channels),
      last_(channels * sentinels),
      last_square_(sentinels),
      squares_(sentinels) {}

void NoiseEstimate::add(std::span<const double> contrast) {
    const auto channels = static_cast<double>(channels_);
    for (std::size_t s = 0; s < squares_.size(); ++s) {
        const std::span<const double> now = contrast.subspan(s * channels_, channels_);
        const std::span<double> before = std::span(last_).subspan(s * channels_, channels_);
        const double square =
            std::inner_product(now.begin(), now.end(), now.begin(), 0.0) / channels;
        if (contrasts_ > 0) {
            const double product =
                std::inner_product(now.begin(), now.end(), before.begin(), 0.0) / channels;
            products_ += product * product;
            products_of_squares_ += square * last_square_[s];
        }
        squares_[s] += square;
        last_square_[s] = square;
        std::ranges::copy(now, before.begin());
    }
    ++contrasts_;
}

double NoiseEstimate::variance() const {
    if (contrasts_ == 0) {
        return 0.0;
    }
    return std::accumulate(squares_.begin(), squares_.end(), 0.0) /
           static_cast<double>(squares_.size() * contrasts_);
}

double NoiseEstimate::shared() const {
    if (contrasts_ < 2 || products_of_squares_ <= 0) {
        return 1.0;
    }
    // The square of an inner product of Gaussian vectors has a variance of at most 8 times its
    // mean squared: two standard deviations of the sum above it.
    const auto pairs = static_cast<double>(squares_.size() * (contrasts_ - 1));
    const double mean = products_ / products_of_squares_;
    return std::min(1.0, mean * (1.0 + 2.0 * std::sqrt(8.0 / pairs)));
}

double NoiseEstimate::excess() const {
    const double mean = variance();
    if (mean <= 0) {
        return 0.0;
    }
    const auto contrasts = static_cast<double>(contrasts_);
    const auto sentinels = static_cast<double>(squares_.size());
    const double kappa_squared = shared();
    // The mean square of noise is a sum of independent squares with these weights: their root sum
    // of squares, and the largest that one of them can be.
    double sum = 0;
    for (const double square : squares_) {
        sum += square * square;
    }
    const double norm = std::sqrt(kappa_squared * sum) / contrasts / sentinels;
    const double largest =
        std::sqrt(kappa_squared) * std::ranges::max(squares_) / contrasts / sentinels;
    const double factor = inflation(contrasts * mean * mean / (norm * norm));
    return (factor - 1.0) * mean + factor * 2.0 * (std::sqrt(doubt) * norm + doubt * largest);
}

} // namespace phyll::runs::sentinels
