#include "daemon/training/statistics.hpp"

#include <boost/math/distributions/students_t.hpp>

#include <cmath>
#include <limits>

namespace phyll::training {

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
