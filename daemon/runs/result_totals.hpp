#pragma once

#include <phyll/v1/runs.pb.h>

#include <map>
#include <optional>
#include <string>

namespace phyll::runs {

/// What the configuration says that rigs and the computer draw, in W. What is not stated is not
/// guessed.
struct StatedPower {
    std::map<std::string, double> rigs{}; ///< by name, while they measure
    std::optional<double> digital{};      ///< while it computes
};

/// Adds what is counted and timed of a cost to another one; energies follow from that.
void add_cost(v1::LayerCost& to, const v1::LayerCost& cost);

/// Makes the totals of a result those of its layers' costs.
void total_costs(v1::RunResult& result);

/// The energies of a result's layers and their totals, from their seconds as they are. A total is
/// set only when it is known of every layer that has a part in it: for the rigs those with a rig.
void state_energy(v1::RunResult& result, const StatedPower& power);

/// Of a result the layers' costs and their totals.
[[nodiscard]] v1::RunResult costs_of(const v1::RunResult& result);

/// What a reader has to know of a rig that failed and was asked again.
[[nodiscard]] std::string unproven_remark(const std::string& rig);

} // namespace phyll::runs
