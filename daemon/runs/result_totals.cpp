#include "daemon/runs/result_totals.hpp"

#include <fmt/format.h>

namespace phyll::runs {

void total_costs(v1::RunResult& result) {
    result.set_training_queries(0);
    result.set_evaluation_queries(0);
    result.set_hardware_seconds(0.0);
    result.set_nominal_seconds(0.0);
    result.set_sentinel_queries(0);
    for (const v1::LayerCost& cost : result.layers()) {
        result.set_training_queries(result.training_queries() + cost.training_queries());
        result.set_evaluation_queries(result.evaluation_queries() + cost.evaluation_queries());
        result.set_hardware_seconds(result.hardware_seconds() + cost.hardware_seconds());
        result.set_nominal_seconds(result.nominal_seconds() + cost.nominal_seconds());
        result.set_sentinel_queries(result.sentinel_queries() + cost.sentinel_queries());
    }
}

std::string unproven_remark(const std::string& rig) {
    return fmt::format("rig '{}' failed and was asked again; there were no sentinels to say "
                       "whether it still was the same device",
                       rig);
}

} // namespace phyll::runs
