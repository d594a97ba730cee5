#include "daemon/runs/result_totals.hpp"

#include <fmt/format.h>

namespace phyll::runs {

void add_cost(v1::LayerCost& to, const v1::LayerCost& cost) {
    to.set_training_queries(to.training_queries() + cost.training_queries());
    to.set_evaluation_queries(to.evaluation_queries() + cost.evaluation_queries());
    to.set_sentinel_queries(to.sentinel_queries() + cost.sentinel_queries());
    to.set_repeat_queries(to.repeat_queries() + cost.repeat_queries());
    to.set_reused(to.reused() + cost.reused());
    to.set_recorded(to.recorded() + cost.recorded());
    to.set_reused_from(to.reused_from() + cost.reused_from());
    to.set_clipped(to.clipped() + cost.clipped());
    to.set_encoded(to.encoded() + cost.encoded());
    to.set_hardware_seconds(to.hardware_seconds() + cost.hardware_seconds());
    to.set_nominal_seconds(to.nominal_seconds() + cost.nominal_seconds());
    to.set_digital_seconds(to.digital_seconds() + cost.digital_seconds());
    to.set_wait_seconds(to.wait_seconds() + cost.wait_seconds());
    to.set_operations(to.operations() + cost.operations());
}

void total_costs(v1::RunResult& result) {
    v1::LayerCost total;
    for (const v1::LayerCost& cost : result.layers()) {
        add_cost(total, cost);
    }
    result.set_training_queries(total.training_queries());
    result.set_evaluation_queries(total.evaluation_queries());
    result.set_sentinel_queries(total.sentinel_queries());
    result.set_repeat_queries(total.repeat_queries());
    result.set_reused(total.reused());
    result.set_recorded(total.recorded());
    result.set_reused_from(total.reused_from());
    result.set_hardware_seconds(total.hardware_seconds());
    result.set_nominal_seconds(total.nominal_seconds());
    result.set_digital_seconds(total.digital_seconds());
    result.set_wait_seconds(total.wait_seconds());
    result.set_operations(total.operations());
}

void state_energy(v1::RunResult& result, const StatedPower& power) {
    std::optional<double> hardware;
    bool all_known = true;
    for (v1::LayerCost& cost : *result.mutable_layers()) {
        cost.clear_hardware_joules();
        cost.clear_digital_joules();
        if (power.digital) {
            cost.set_digital_joules(*power.digital * cost.digital_seconds());
        }
        if (cost.rig().empty()) {
            continue; // a layer without physics
        }
        const auto watts = power.rigs.find(cost.rig());
        if (watts == power.rigs.end()) {
            all_known = false;
            continue;
        }
        cost.set_hardware_joules(watts->second * cost.hardware_seconds());
        hardware = hardware.value_or(0.0) + cost.hardware_joules();
    }
    result.clear_hardware_joules();
    result.clear_digital_joules();
    if (hardware && all_known) {
        result.set_hardware_joules(*hardware);
    }
    if (power.digital) {
        result.set_digital_joules(*power.digital * result.digital_seconds());
    }
}

v1::RunResult costs_of(const v1::RunResult& result) {
    v1::RunResult costs;
    *costs.mutable_layers() = result.layers();
    total_costs(costs);
    costs.set_active_seconds(result.active_seconds());
    if (result.has_hardware_joules()) {
        costs.set_hardware_joules(result.hardware_joules());
    }
    if (result.has_digital_joules()) {
        costs.set_digital_joules(result.digital_joules());
    }
    return costs;
}

std::string unproven_remark(const std::string& rig) {
    return fmt::format("rig '{}' failed and was asked again; there were no sentinels to say "
                       "whether it still was the same device",
                       rig);
}

} // namespace phyll::runs
