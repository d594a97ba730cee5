#include "sim/rigs/decorators/disturbed.hpp"

#include "drivers/core/require.hpp"
#include "sim/rigs/decorators/disturbance.hpp"
#include "sim/rigs/decorators/latency.hpp"
#include "sim/rigs/decorators/noise.hpp"
#include "sim/rigs/decorators/probe.hpp"
#include "sim/rigs/decorators/timed.hpp"

namespace phyll::sim {
namespace {

/// Samples per thread between two looks at the deadline: a few ms on the slowest rig, and a whole
/// number of the tiles that any rig computes in.
constexpr std::size_t slice_per_thread = 64;

std::vector<double> noise_deviations(SimulatedRig& nominal, double share) {
    require_not_negative("noise", share);
    std::vector<double> deviations = Probe(nominal).deviations();
    for (double& value : deviations) {
        value *= share;
    }
    return deviations;
}

} // namespace

std::unique_ptr<DisturbedRig> disturbed(std::unique_ptr<SimulatedRig> rig,
                                        const Disturbances& disturbances, const RigSite& site,
                                        const Clock& clock) {
    std::vector<double> deviations;
    if (disturbances.noise != 0.0) {
        deviations = noise_deviations(*rig, disturbances.noise);
    }
    auto moved = std::make_unique<Disturbance>(std::move(rig), disturbances.perturb,
                                               disturbances.drift_samples, site.seed);
    Disturbance& disturbance = *moved;
    std::unique_ptr<PhysicalLayer> layer = std::make_unique<Timed>(
        std::move(moved), clock, slice_per_thread * site.workers->threads());
    if (!deviations.empty()) {
        layer = std::make_unique<Noise>(std::move(layer), std::move(deviations), site.seed);
    }
    if (disturbances.latency) {
        layer = std::make_unique<Latency>(std::move(layer), clock);
    }
    auto failing =
        std::make_unique<Faults>(std::move(layer), disturbances.faults, clock, disturbances.let_go);
    Faults& faults = *failing;
    return std::make_unique<DisturbedRig>(std::move(failing), disturbance, faults);
}

} // namespace phyll::sim
