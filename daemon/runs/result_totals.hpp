#pragma once

#include <phyll/v1/runs.pb.h>

#include <string>

namespace phyll::runs {

/// Makes the totals of a result those of its layers' costs.
void total_costs(v1::RunResult& result);

/// What a reader has to know of a rig that failed and was asked again.
[[nodiscard]] std::string unproven_remark(const std::string& rig);

} // namespace phyll::runs
