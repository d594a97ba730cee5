#pragma once

#include "daemon/training/sample_rows.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

namespace phyll::training {

struct Moments {
    double mean = 0.0;
    double deviation = 0.0; ///< standard deviation of the values at hand (divided by their number)
};

/// The moments of value(0) ... value(count - 1), in two passes and in that order; count at least 1.
template <class Value>
[[nodiscard]] Moments moments(std::size_t count, Value&& value) {
    const auto n = static_cast<double>(count);
    Moments result;
    for (std::size_t i = 0; i < count; ++i) {
        result.mean += static_cast<double>(value(i)) / n;
    }
    double square = 0.0;
    for (std::size_t i = 0; i < count; ++i) {
        const double difference = static_cast<double>(value(i)) - result.mean;
        square += difference * difference / n;
    }
    result.deviation = std::sqrt(square);
    return result;
}

/// The same, to the last bit, of every channel of `rows`, which has at least one sample. Each
/// sample is read twice.
[[nodiscard]] std::vector<Moments> moments_of(const SampleRows& rows);

/// Half the width of the 95 % interval (Student's t) of the mean of `count` independent values of
/// standard deviation `deviation` as `moments` gives it; infinite for fewer than two.
[[nodiscard]] double half_width_95(double deviation, std::size_t count);

} // namespace phyll::training
