#pragma once

#include <cstdint>

namespace phyll::cli {

struct Interval {
    double least;
    double most;
};

/// Wilson's 95 % interval of a share that was found in `samples` independent ones: what the choice
/// of samples alone leaves open. 0 to 1 when there are none.
[[nodiscard]] Interval wilson_95(double share, std::uint64_t samples);

} // namespace phyll::cli
