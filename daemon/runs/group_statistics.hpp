#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace phyll::runs {

/// How the accuracies of several trainings come about, which decides what is known of their mean.
enum class Sampling {
    /// Repeated random splits of one data set. They overlap, so the values are correlated: the
    /// variance of the mean is s^2 (1/n + test/training), not s^2 / n. Corrected resampled t of
    /// Nadeau and Bengio, "Inference for the generalization error", Machine Learning 52:239 (2003).
    resampled_splits,
    /// Training and test data are drawn anew each time: Student's t, s^2 / n.
    fresh_data,
    /// The test set is the same each time: Student's t over the trainings, and the test set's own
    /// sampling error p (1 - p) / test, which all share. Half-widths are added in squares, the
    /// second one by the normal distribution.
    fixed_test_set
};

/// Samples behind each value.
struct Samples {
    double training = 0;
    double test = 0;
};

/// A mean with what is known of it.
struct MeanEstimate {
    std::size_t n = 0;
    double mean = 0.0;                ///< when there is a value
    std::optional<double> deviation;  ///< standard deviation of the values; two are needed
    std::optional<double> half_width; ///< of the 95 % interval of the mean
};

/// The mean of accuracies in [0, 1].
[[nodiscard]] MeanEstimate estimate(std::span<const double> accuracies, Sampling sampling,
                                    Samples samples);

/// The mean of a[i] - b[i], accuracies on the same data. With a fixed test set its sampling error
/// is an upper bound: which samples either erred on is not known, so as few as possible are taken
/// to be the same.
[[nodiscard]] MeanEstimate estimate_difference(std::span<const double> a, std::span<const double> b,
                                               Sampling sampling, Samples samples);

} // namespace phyll::runs
