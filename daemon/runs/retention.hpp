#pragma once

#include "daemon/runs/store.hpp"

#include <phyll/v1/config.pb.h>

#include <cstdint>
#include <set>
#include <vector>

namespace phyll::runs {

/// What goes: runs of no group, and groups as a whole.
struct Expired {
    std::set<std::uint64_t> runs;
    std::set<std::uint64_t> groups;
};

/// What `rule` no longer keeps at time `now` (s since 1970, UTC): the runs that are over and are
/// not among the `keep_runs` that ended last, or ended more than `keep_days` ago. A group stays as
/// long as one of its members does.
[[nodiscard]] Expired expired(const std::vector<RunEnd>& runs, const v1::RetentionConfig& rule,
                              double now);

} // namespace phyll::runs
