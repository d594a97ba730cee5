#include "daemon/runs/simulated_spec.hpp"

namespace phyll::runs {

void put_on_simulations(v1::RunSpec& spec, const SimulationOf& simulation_of) {
    const auto of = [&](const std::string& rig) {
        const std::string simulation = simulation_of(rig);
        return simulation.empty() ? rig : simulation;
    };
    for (v1::LayerConfig& layer : *spec.mutable_layers()) {
        layer.set_rig(of(layer.rig()));
    }
    for (v1::RunRig& rig : *spec.mutable_rigs()) {
        rig.set_name(of(rig.name()));
    }
    for (auto& disturbance : *spec.mutable_perturb()) {
        disturbance.set_rig(of(disturbance.rig()));
    }
}

} // namespace phyll::runs
