#include "sim/physics/electronic/integrator.hpp"

#include <type_traits>

namespace phyll::physics {
namespace {

template <class Real>
std::uint64_t run_kernel(const kernels::ElectronicPlan<Real>& plan,
                         const kernels::ElectronicTile<Real>& tile) {
    if constexpr (std::is_same_v<Real, float>) {
        return kernels::phyll_electronic_run_float(&plan, &tile);
    } else {
        return kernels::phyll_electronic_run_double(&plan, &tile);
    }
}

} // namespace

template <class Real>
ElectronicIntegrator<Real>::ElectronicIntegrator(const ElectronicParameters& parameters,
                                                 const ElectronicComponents& components)
    : parameters_((check(parameters), parameters)) {
    set_components(components);
}

template <class Real>
Real& ElectronicIntegrator<Real>::Tile::v(std::size_t node, std::size_t lane) {
    return v_[node * lanes + lane];
}

template <class Real>
Real& ElectronicIntegrator<Real>::Tile::dac(std::size_t sample, std::size_t lane) {
    return dac_[sample * lanes + lane];
}

template <class Real>
Real ElectronicIntegrator<Real>::Tile::voltage(std::size_t sample, std::size_t node,
                                               std::size_t lane) const {
    return trace_[(sample * stages_ + node) * lanes + lane];
}

template <class Real>
typename ElectronicIntegrator<Real>::Tile ElectronicIntegrator<Real>::new_tile() const {
    Tile tile;
    tile.stages_ = parameters_.stages;
    tile.v_.resize(parameters_.stages * lanes);
    tile.dac_.resize(parameters_.dac_samples * lanes);
    tile.trace_.resize(parameters_.dac_samples * parameters_.stages * lanes);
    return tile;
}

template <class Real>
std::uint64_t ElectronicIntegrator<Real>::run(Tile& tile) const {
    const kernels::ElectronicPlan<Real> plan{.stages = parameters_.stages,
                                             .node = nodes_.data(),
                                             .samples = parameters_.dac_samples,
                                             .steps = parameters_.steps_per_sample};
    const kernels::ElectronicTile<Real> view{
        .v = tile.v_.data(), .source = tile.dac_.data(), .trace = tile.trace_.data()};
    return run_kernel(plan, view);
}

template <class Real>
void ElectronicIntegrator<Real>::set_components(const ElectronicComponents& components) {
    const double h = parameters_.hold_time / static_cast<double>(parameters_.steps_per_sample);
    components_ = components;
    nodes_.clear();
    for (std::size_t j = 0; j < components.size(); ++j) {
        const ElectronicStage& stage = components[j];
        const double half = h / (2 * stage.capacitance);
        const double after = j + 1 < components.size() ? half / components[j + 1].resistance : 0.0;
        const double diode = 2 * half * stage.saturation_current;
        nodes_.push_back({.from_before = static_cast<Real>(half / stage.resistance),
                          .from_after = static_cast<Real>(after),
                          .diode = static_cast<Real>(diode),
                          .slope = static_cast<Real>(stage.slope),
                          .per_volt = static_cast<Real>(1 / stage.slope),
                          .conduction = static_cast<Real>(diode / stage.slope)});
    }
}

template <class Real>
double ElectronicIntegrator<Real>::energy(Tile& tile, std::size_t lane) const {
    double energy = 0.0;
    for (std::size_t j = 0; j < components_.size(); ++j) {
        const double v = tile.v(j, lane);
        energy += components_[j].capacitance * v * v / 2;
    }
    return energy;
}

template class ElectronicIntegrator<float>;
template class ElectronicIntegrator<double>;

std::string_view electronic_kernel_level() {
    return kernels::phyll_electronic_kernel_level();
}

} // namespace phyll::physics
