#pragma once

#include <string>
#include <vector>

namespace phyll::cli {

/// "0.31 to 2.40 dB, median 1.02"; of an even number of values the median is the mean of the two in
/// the middle. At least one value.
[[nodiscard]] std::string range_of(std::vector<double> values, const char* unit);

/// "3.1 % of a deviation", or "not above noise (0.8 % of a deviation)" for a figure up to `limit`.
/// Limit 0: there is no noise.
[[nodiscard]] std::string share_of_deviation(double share, double limit);

/// "0.30 to 0.55, median 0.39 deviations" of inputs, and how many are up to `limit`.
[[nodiscard]] std::string sensitivities(const std::vector<double>& values, double limit);

} // namespace phyll::cli
