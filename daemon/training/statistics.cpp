#include "daemon/training/statistics.hpp"

#include <boost/math/distributions/students_t.hpp>

#include <limits>

namespace phyll::training {

std::vector<Moments> moments_of(const SampleRows& rows) {
    const auto n = static_cast<double>(rows.samples);
    std::vector<double> means(rows.channels);
    std::vector<double> squares(rows.channels);
    std::vector<float> sample(rows.channels);
    for (std::size_t i = 0; i < rows.samples; ++i) {
        rows.read(i, sample);
        for (std::size_t k = 0; k < rows.channels; ++k) {
            means[k] += static_cast<double>(sample[k]) / n;
        }
    }
    for (std::size_t i = 0; i < rows.samples; ++i) {
        rows.read(i, sample);
        for (std::size_t k = 0; k < rows.channels; ++k) {
            const double difference = static_cast<double>(sample[k]) - means[k];
            squares[k] += difference * difference / n;
        }
    }
    std::vector<Moments> result(rows.channels);
    for (std::size_t k = 0; k < rows.channels; ++k) {
        result[k] = {.mean = means[k], .deviation = std::sqrt(squares[k])};
    }
    return result;
}

double half_width_95(double deviation, std::size_t count) {
    const auto n = static_cast<double>(count);
    if (count < 2) {
        return std::numeric_limits<double>::infinity();
    }
    const boost::math::students_t distribution(n - 1.0);
    // The sample deviation divides by n - 1; `deviation` divided by n.
    return boost::math::quantile(distribution, 0.975) * deviation / std::sqrt(n - 1.0);
}

} // namespace phyll::training
