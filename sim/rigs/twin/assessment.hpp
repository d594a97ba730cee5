#pragma once

#include "drivers/core/sample_block.hpp"

#include <vector>

namespace phyll::sim {

/// The coefficients of determination of predictions: 1 - (sum of squared errors) / (sum of squared
/// deviations from the mean).
struct Determination {
    std::vector<double> outputs; ///< of each; 0 for an output that does not vary
    double pooled = 0.0;         ///< both sums over all outputs, in their own units
};

/// `predicted` and `measured` are outputs x samples.
[[nodiscard]] Determination determination(ConstBlock predicted, ConstBlock measured);

/// What a linear map with a constant, fitted by least squares to (x, y), answers to `test`: the
/// measure of what a network adds. Shapes: inputs x samples, outputs x samples.
[[nodiscard]] OwnedBlock linear_prediction(ConstBlock x, ConstBlock y, ConstBlock test);

/// Mean and standard deviation of each channel; the latter is 0, exactly, where float32 values do
/// not vary.
struct Moments {
    std::vector<double> means;
    std::vector<double> deviations;
};
[[nodiscard]] Moments moments_of(ConstBlock block);

} // namespace phyll::sim
