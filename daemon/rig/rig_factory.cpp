#include "daemon/rig/rig_factory.hpp"

#include "daemon/rig/calibration/calibrated_rig.hpp"
#include "daemon/rig/instrument_configs.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/guard.hpp"
#include "drivers/core/kernels/level.hpp"
#include "drivers/core/text.hpp"
#include "drivers/rigs/instrument_rig.hpp"
#include "sim/rigs/decorators/disturbed.hpp"
#include "sim/rigs/simulated_rig.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace phyll::rig {
namespace {

template <class Kind>
const Kind* find_among(const std::vector<Kind>& kinds, const std::string& name) {
    const auto found = std::ranges::find(kinds, name, &Kind::name);
    return found == kinds.end() ? nullptr : &*found;
}

const sim::SimulatedRigKind* find_simulated(const std::string& name) {
    return find_among(sim::simulated_rig_kinds(), name);
}

const rigs::InstrumentRigKind* find_of_instruments(const std::string& name) {
    return find_among(rigs::instrument_rig_kinds(), name);
}

/// The rig's options as a message of its kind.
std::unique_ptr<google::protobuf::Message> options_of(const v1::RigConfig& config) {
    std::unique_ptr<google::protobuf::Message> options = new_rig_options(config.kind());
    if (config.has_options() && !config.options().UnpackTo(options.get())) {
        throw invalid_field("options", fmt::format("not those of the kind '{}', a {}",
                                                   config.kind(), options->GetTypeName()));
    }
    return options;
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

MadeRig build_simulated(const sim::SimulatedRigKind& kind, const v1::RigConfig& config,
                        Workers& workers, const Clock& clock, FileReader read) {
    sim::RigSite site{.workers = &workers, .read = std::move(read)};
    if (config.simulation().has_seed()) {
        site.seed = config.simulation().seed();
    }
    auto simulated = sim::disturbed(kind.make(*options_of(config), site),
                                    disturbances(config.simulation()), site, clock);
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

MadeRig build_of_instruments(const rigs::InstrumentRigKind& kind, const v1::RigConfig& config,
                             const Clock& clock, const InstrumentSite& site) {
    if (config.has_simulation()) {
        throw invalid_field("simulation",
                            fmt::format("nothing of it befalls a rig made of instruments; its "
                                        "simulation is the rig '{}', or one of kind '{}'",
                                        simulation_name(config.name()), kind.simulated_by));
    }
    if (!site.shelf) {
        throw Error(Code::failed_precondition, "it is made of instruments, and there are none");
    }
    const auto book = std::make_shared<CalibrationBook>(
        CalibrationBook::Rules{.rig = config.name(),
                               .allow = config.uncalibrated() == "allow",
                               .longest = Seconds(config.calibration_days() * 86400.0),
                               .version = site.version},
        site.calibrations, clock);
    auto rig = std::make_unique<CalibratedRig>(
        kind.make(*options_of(config), {.shelf = *site.shelf, .clock = clock}), book,
        config.max_batch());
    CalibratedRig& controls = *rig;
    return {std::make_unique<Guard>(std::move(rig)), controls};
}

MadeRig build(const v1::RigConfig& config, Workers& workers, const Clock& clock, FileReader read,
              const InstrumentSite& site) {
    if (const sim::SimulatedRigKind* kind = find_simulated(config.kind())) {
        return build_simulated(*kind, config, workers, clock, std::move(read));
    }
    if (const rigs::InstrumentRigKind* kind = find_of_instruments(config.kind())) {
        return build_of_instruments(*kind, config, clock, site);
    }
    throw Error(Code::not_found,
                fmt::format("there is no kind {}; there are: {}", in_quotes(config.kind()),
                            fmt::join(rig_kinds(), ", ")));
}

} // namespace

std::vector<std::string> rig_kinds() {
    std::vector<std::string> names;
    std::ranges::transform(sim::simulated_rig_kinds(), std::back_inserter(names),
                           &sim::SimulatedRigKind::name);
    std::ranges::transform(rigs::instrument_rig_kinds(), std::back_inserter(names),
                           &rigs::InstrumentRigKind::name);
    return names;
}

std::unique_ptr<google::protobuf::Message> new_rig_options(const std::string& kind) {
    if (const sim::SimulatedRigKind* simulated = find_simulated(kind)) {
        return simulated->new_options();
    }
    const rigs::InstrumentRigKind* made = find_of_instruments(kind);
    return made == nullptr ? nullptr : made->new_options();
}

MadeRig make_rig(const v1::RigConfig& config, Workers& workers, const Clock& clock, FileReader read,
                 const InstrumentSite& site) {
    try {
        return build(config, workers, clock, std::move(read), site);
    } catch (const Error& error) {
        throw error_of(fmt::format("rig {}", in_quotes(config.name())), error);
    }
}

std::string kernel_level() {
    return kernels::phyll_kernel_level();
}

} // namespace phyll::rig
