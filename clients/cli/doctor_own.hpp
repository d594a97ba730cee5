#pragma once

#include "drivers/core/error.hpp"
#include "drivers/core/findings/findings.hpp"

#include <phyll/v1/lab.pb.h>

#include <cstdint>
#include <string>
#include <vector>

namespace phyll::cli {

/// What a phyllctl is; of the one that runs, see `own_build`.
struct Build {
    std::string version;
    std::string commit; ///< empty: not known
    std::uint32_t protocol = 0;
};
[[nodiscard]] Build own_build();

/// Whether phyllctl and phylld belong together.
[[nodiscard]] std::vector<Finding> compare_builds(const Build& own, const v1::DescribeReply& other);

/// By how much the clock here is ahead of the daemon's. `told` is the daemon's time as it answered,
/// `received` the time here when the answer came: seconds since 1970, UTC.
[[nodiscard]] Finding compare_clocks(double told, double received);

/// Why no phylld answered, and what to do: how one is started, or which key it wants.
[[nodiscard]] Finding not_reached(const std::string& endpoint, const Error& why);

} // namespace phyll::cli
