#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace phyll::runs::sentinels {

/// How far noise alone may carry the responses of sentinels, learnt from repeats of them.
///
/// It is fed contrasts: differences of repeats, scaled such that each has the variance of one
/// measurement, and independent of one another. A contrast has `channels` values for each sentinel.
/// Outputs may share their noise in any way, and sentinels may differ in it.
class NoiseEstimate {
  public:
    NoiseEstimate(std::size_t channels, std::size_t sentinels);

    /// `contrast` has channels x sentinels values, those of a sentinel consecutive.
    void add(std::span<const double> contrast);

    /// The variance of a value, mean over channels and sentinels; 0 before the first contrast.
    [[nodiscard]] double variance() const;

    /// What the mean over channels and sentinels of the square of one measurement's noise exceeds
    /// `variance()` by in fewer than 3e-7 of all cases: both the chance of that noise and the
    /// doubt about the estimate are in it. docs/sentinels.md derives it.
    [[nodiscard]] double excess() const;

  private:
    /// The share kappa^2 = tr C^2 / (tr C)^2 of a sentinel's noise covariance C, from above: 1 when
    /// one source of noise moves all outputs, 1 / channels when each has its own.
    [[nodiscard]] double shared() const;

    std::size_t channels_;
    std::size_t contrasts_ = 0;
    std::vector<double> last_;        ///< the latest contrast
    std::vector<double> last_square_; ///< its mean square, per sentinel
    std::vector<double> squares_;     ///< sum of those of all contrasts, per sentinel
    double products_ = 0;             ///< of successive contrasts: squared inner products
    double products_of_squares_ = 0;  ///< and products of their mean squares
};

} // namespace phyll::runs::sentinels
