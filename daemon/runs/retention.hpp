#pragma once

#include "daemon/runs/store.hpp"

#include <phyll/v1/config.pb.h>

#include <cstdint>
#include <set>
#include <vector>

namespace phyll::runs {

/// The runs that `rule` no longer keeps at time `now` (s since 1970, UTC): those that are over and
/// are not among the `keep_runs` that ended last, or ended more than `keep_days` ago.
[[nodiscard]] std::set<std::uint64_t> expired(const std::vector<RunEnd>& runs,
                                              const v1::RetentionConfig& rule, double now);

} // namespace phyll::runs
