#include "daemon/runs/group_statistics.hpp"

#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace phyll::runs {
namespace {

/// Of a two-sided interval of 95 %.
constexpr double upper = 0.975;

double mean_of(std::span<const double> values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Mean and deviation of the values, and the interval; `test_variance` is the variance of the mean
/// that one test set brings.
MeanEstimate estimate_of(std::span<const double> values, Sampling sampling, Samples samples,
                         double test_variance) {
    MeanEstimate out;
    out.n = values.size();
    if (values.empty()) {
        return out;
    }
    out.mean = mean_of(values);
    if (values.size() < 2) {
        return out;
    }
    const auto n = static_cast<double>(values.size());
    double squares = 0;
    for (const double value : values) {
        squares += (value - out.mean) * (value - out.mean);
    }
    const double variance = squares / (n - 1);
    out.deviation = std::sqrt(variance);
    const double share =
        sampling == Sampling::resampled_splits ? 1 / n + samples.test / samples.training : 1 / n;
    const double t = boost::math::quantile(boost::math::students_t(n - 1), upper);
    out.half_width = t * std::sqrt(variance * share);
    if (sampling == Sampling::fixed_test_set) {
        const double z = boost::math::quantile(boost::math::normal(), upper);
        out.half_width = std::hypot(*out.half_width, z * std::sqrt(test_variance));
    }
    return out;
}

} // namespace

MeanEstimate estimate(std::span<const double> accuracies, Sampling sampling, Samples samples) {
    const double p = accuracies.empty() ? 0.0 : mean_of(accuracies);
    return estimate_of(accuracies, sampling, samples, p * (1 - p) / std::max(1.0, samples.test));
}

MeanEstimate estimate_difference(std::span<const double> a, std::span<const double> b,
                                 Sampling sampling, Samples samples) {
    std::vector<double> differences(a.size());
    std::ranges::transform(a, b, differences.begin(), std::minus());
    double variance = 0;
    if (!a.empty()) {
        // The share of samples on which exactly one of the two is right, at most.
        const double p = mean_of(a);
        const double q = mean_of(b);
        const double discordant = std::min(p, 1 - q) + std::min(1 - p, q);
        variance = (discordant - (p - q) * (p - q)) / std::max(1.0, samples.test);
    }
    return estimate_of(differences, sampling, samples, variance);
}

} // namespace phyll::runs
