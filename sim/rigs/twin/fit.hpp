#pragma once

#include "drivers/core/workers.hpp"
#include "sim/rigs/twin/network.hpp"

#include <cstdint>

namespace phyll::sim {

/// How a twin is fitted.
struct TwinFit {
    std::size_t hidden = 64;
    std::size_t iterations = 1000;
    double regularisation = 1e-7; ///< on half the sum of the weights' squares
    std::uint64_t seed = 1;
};

/// Fits a network to standardised data by L-BFGS, from weights that the seed draws: the least mean
/// square error over samples and outputs, halved, plus the penalty. A function of its arguments
/// alone, to the bit, on any number of threads; gradients are computed in float32.
/// `x` is inputs x samples, `z` outputs x samples; at least one of each.
[[nodiscard]] TwinWeights fit_network(ConstBlock x, ConstBlock z, const TwinFit& how,
                                      Workers& workers);

} // namespace phyll::sim
