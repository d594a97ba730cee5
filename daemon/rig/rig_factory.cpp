#include "daemon/rig/rig_factory.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/guard.hpp"
#include "drivers/core/kernels/level.hpp"
#include "drivers/core/text.hpp"
#include "sim/rigs/decorators/disturbed.hpp"
#include "sim/rigs/simulated_rig.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace phyll::rig {
namespace {

const sim::SimulatedRigKind* find_kind(const std::string& name) {
    const std::vector<sim::SimulatedRigKind>& kinds = sim::simulated_rig_kinds();
    const auto found = std::ranges::find(kinds, name, &sim::SimulatedRigKind::name);
    return found == kinds.end() ? nullptr : &*found;
}

/// `field` is for messages.
sim::FaultPlan::Kind fault_kind(const std::string& name, const std::string& field) {
    using Kind = sim::FaultPlan::Kind;
    static const std::vector<std::pair<std::string, Kind>> kinds{
        {"fail", Kind::fail},
        {"hang", Kind::hang},
        {"stuck", Kind::stuck},
        {"not_finite", Kind::not_finite},
        {"out_of_range", Kind::out_of_range},
        {"disconnect", Kind::disconnect},
    };
    const auto found = std::ranges::find(kinds, name, &std::pair<std::string, Kind>::first);
    if (found == kinds.end()) {
        throw invalid_field(field, fmt::format("{}; valid is 'fail', 'hang', 'stuck', "
                                               "'not_finite', 'out_of_range', 'disconnect'",
                                               in_quotes(name)));
    }
    return found->second;
}

sim::Disturbances disturbances(const v1::Simulation& simulation) {
    sim::Disturbances out{.noise = simulation.noise(),
                          .perturb = simulation.perturb(),
                          .drift_samples = simulation.drift_samples(),
                          .latency = simulation.latency(),
                          .faults = {},
                          .let_go = {}};
    for (const v1::FaultConfig& fault : simulation.faults()) {
        out.faults.push_back(
            {fault_kind(fault.kind(), "simulation.faults.kind"), fault.at_query(), fault.count()});
    }
    return out;
}

class Controls final : public SimulationControls {
  public:
    explicit Controls(sim::DisturbedRig& rig) : rig_(rig) {}

    double perturb(double fraction) override { return rig_.perturb(fraction); }
    [[nodiscard]] double perturbation() const override { return rig_.perturbation(); }
    void inject(const v1::FaultConfig& fault) override {
        rig_.inject({.kind = fault_kind(fault.kind(), "kind"),
                     .at_query = fault.at_query(),
                     .count = std::max(1U, fault.count())});
    }

  private:
    sim::DisturbedRig& rig_;
};

/// Bounds the batch further than the rig itself does.
class SmallBatch final : public sim::Decorator {
  public:
    SmallBatch(std::unique_ptr<PhysicalLayer> inner, std::size_t max_batch)
        : Decorator(std::move(inner)), spec_(Decorator::spec()) {
        spec_.max_batch = std::min(spec_.max_batch, max_batch);
    }
    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }

  private:
    LayerSpec spec_;
};

MadeRig build(const v1::RigConfig& config, Workers& workers, const Clock& clock, FileReader read) {
    const sim::SimulatedRigKind* kind = find_kind(config.kind());
    if (kind == nullptr) {
        throw Error(Code::not_found,
                    fmt::format("there is no kind {}; there are: {}", in_quotes(config.kind()),
                                fmt::join(rig_kinds(), ", ")));
    }
    const std::unique_ptr<google::protobuf::Message> options = kind->new_options();
    if (config.has_options() && !config.options().UnpackTo(options.get())) {
        throw invalid_field("options", fmt::format("not those of the kind '{}', a {}",
                                                   config.kind(), options->GetTypeName()));
    }
    sim::RigSite site{.workers = &workers, .read = std::move(read)};
    if (config.simulation().has_seed()) {
        site.seed = config.simulation().seed();
    }
    auto simulated =
        sim::disturbed(kind->make(*options, site), disturbances(config.simulation()), site, clock);
    std::unique_ptr<SimulationControls> controls;
    // What stands for a recording stays what was recorded.
    if (simulated->spec().evidence == Evidence::simulation) {
        controls = std::make_unique<Controls>(*simulated);
    }
    std::unique_ptr<PhysicalLayer> rig = std::move(simulated);
    if (config.max_batch() != 0) {
        rig = std::make_unique<SmallBatch>(std::move(rig), config.max_batch());
    }
    return {std::make_unique<Guard>(std::move(rig)), std::move(controls)};
}

} // namespace

std::vector<std::string> rig_kinds() {
    std::vector<std::string> names;
    std::ranges::transform(sim::simulated_rig_kinds(), std::back_inserter(names),
                           &sim::SimulatedRigKind::name);
    return names;
}

std::unique_ptr<google::protobuf::Message> new_rig_options(const std::string& kind) {
    const sim::SimulatedRigKind* found = find_kind(kind);
    return found == nullptr ? nullptr : found->new_options();
}

MadeRig make_rig(const v1::RigConfig& config, Workers& workers, const Clock& clock,
                 FileReader read) {
    try {
        return build(config, workers, clock, std::move(read));
    } catch (const Error& error) {
        throw error_of(fmt::format("rig {}", in_quotes(config.name())), error);
    }
}

std::string kernel_level() {
    return kernels::phyll_kernel_level();
}

} // namespace phyll::rig
