#pragma once

#include <functional>
#include <span>
#include <stop_token>

namespace phyll {

/// A smooth function of many parameters: returns its value and fills in its gradient, of the same
/// size. May throw.
using LossAndGradient =
    std::function<double(std::span<const double> parameters, std::span<double> gradient)>;

struct MinimiseSettings {
    int corrections = 6; ///< steps that the curvature is estimated from
    double precision =
        1e-5; ///< ends when the gradient's norm is so small a share of the parameters'
    int most_iterations = 0; ///< 0: no limit
    std::stop_token stop{};
};

/// Goes from `parameters` downhill to where the function has a minimum, or as near to it as its
/// precision and the iterations allow, by L-BFGS (libLBFGS); they are the result. Calls `loss` on
/// the caller's thread; the same calls for the same answers.
///
/// Throws what `loss` throws, CANCELLED when stopped, INTERNAL when no step could be taken at all,
/// RESOURCE_EXHAUSTED without memory.
void minimise(std::span<double> parameters, const LossAndGradient& loss,
              const MinimiseSettings& settings);

} // namespace phyll
