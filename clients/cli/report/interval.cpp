#include "clients/cli/report/interval.hpp"

#include <algorithm>
#include <cmath>

namespace phyll::cli {

Interval wilson_95(double share, std::uint64_t samples) {
    if (samples == 0) {
        return {0.0, 1.0};
    }
    constexpr double z = 1.959963984540054;
    const auto n = static_cast<double>(samples);
    const double shrink = 1 + z * z / n;
    const double middle = (share + z * z / (2 * n)) / shrink;
    const double half = z / shrink * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n));
    return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

} // namespace phyll::cli
