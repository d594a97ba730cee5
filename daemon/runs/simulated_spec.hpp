#pragma once

#include <phyll/v1/run_spec.pb.h>

#include <functional>
#include <string>

namespace phyll::runs {

/// What the simulation of a rig is called; empty: it has none, being one itself or a recording.
using SimulationOf = std::function<std::string(const std::string& rig)>;

/// The run on the simulations of its rigs, wherever it names a rig that has one.
void put_on_simulations(v1::RunSpec& spec, const SimulationOf& simulation_of);

} // namespace phyll::runs
