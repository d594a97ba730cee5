#include "sim/bench/microwave/microwave_bench.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/require.hpp"
#include "drivers/core/text.hpp"
#include "sim/bench/microwave/cavities.hpp"
#include "sim/bench/microwave/keysight_pna.hpp"
#include "sim/bench/microwave/librevna.hpp"
#include "sim/bench/microwave/metasurface_controller.hpp"
#include "sim/bench/microwave/rohde_schwarz_znb.hpp"
#include "sim/bench/microwave/surface.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace phyll::bench {
namespace {

struct VnaModel {
    std::string_view name;
    std::unique_ptr<Vna> (*make)(const std::string& serial, const VnaSite& site);
};

template <class Model>
std::unique_ptr<Vna> make_vna(const std::string& serial, const VnaSite& site) {
    return std::make_unique<Model>(serial, site);
}

// An instrument is one line here.
constexpr auto vnas = std::to_array<VnaModel>({
    {"rohde-schwarz-znb", make_vna<RohdeSchwarzZnb>},
    {"keysight-pna", make_vna<KeysightPna>},
    {"librevna", make_vna<LibreVna>},
});

const VnaModel& model_of(const std::string& name) {
    const auto* const found = std::ranges::find(vnas, name, &VnaModel::name);
    if (found == vnas.end()) {
        throw invalid_field(
            "vna", fmt::format("{}; valid is {}", in_quotes(name), fmt::join(vna_models(), ", ")));
    }
    return *found;
}

/// The device's own frequencies, in whole Hz.
Band band_of(const MicrowaveBench& bench) {
    return {.start = std::round(bench.device.lowest_frequency * bench.f0),
            .stop = std::round(bench.device.highest_frequency * bench.f0),
            .points = bench.device.points};
}

class MicrowaveEquipment final : public Equipment {
  public:
    MicrowaveEquipment(const MicrowaveBench& bench, Loop& loop, const std::vector<Site>& sites)
        : settle_time_(bench.settle_time),
          stored_{.band = band_of(bench), .bandwidth = bench.device.if_bandwidth},
          surface_(loop, bench.device.atoms, bench.settle_time),
          cavities_(bench.device, bench.device_seed, bench.f0),
          controller_(fmt::format("PHYLLSIM-M{}", sites[1].port), surface_),
          vna_(model_of(bench.vna).make(fmt::format("PHYLLSIM-V{}", sites[0].port),
                                        {.loop = loop,
                                         .site = sites[0],
                                         .surface = surface_,
                                         .cavities = cavities_,
                                         .nature = bench.nature,
                                         .stored = stored_})) {
        // What building it takes is not to be a part of the first sweep.
        static_cast<void>(cavities_.at(stored_.band));
    }

    [[nodiscard]] std::vector<Instrument*> instruments() override {
        return {vna_.get(), &controller_};
    }
    [[nodiscard]] std::string config(const std::vector<std::string>& addresses) const override;

  private:
    Seconds settle_time_;
    VnaSettings stored_;
    Surface surface_;
    Cavities cavities_;
    MetasurfaceController controller_;
    std::unique_ptr<Vna> vna_;
};

std::string MicrowaveEquipment::config(const std::vector<std::string>& addresses) const {
    return fmt::format(
        R"([[instruments]]
name = "vna"
kind = "vna"
address = "{}"
virtual = true

[[instruments]]
name = "metasurface"
kind = "metasurface"
address = "{}"
virtual = true

[[rigs]]
name = "cavity"
kind = "microwave-instruments"
unattended = true
options = {{ vna = "vna", metasurface = "metasurface", start_frequency = {}, stop_frequency = {}, points = {}, power = {}, if_bandwidth = {}, settle_time = {} }}
)",
        addresses.at(0), addresses.at(1), stored_.band.start, stored_.band.stop,
        stored_.band.points, stored_.power, stored_.bandwidth, settle_time_.count());
}

class MicrowavePlan final : public Plan {
  public:
    explicit MicrowavePlan(MicrowaveBench bench) : bench_(std::move(bench)) {}

    [[nodiscard]] Seconds transfer_time() const override { return bench_.transfer_time; }
    [[nodiscard]] std::vector<Place> places() const override {
        return {{.name = "vna", .port = bench_.vna_port, .way = bench_.vna_way},
                {.name = "metasurface", .way = Way::serial}};
    }
    [[nodiscard]] std::unique_ptr<Equipment> build(Loop& loop,
                                                   const std::vector<Site>& sites) const override {
        return std::make_unique<MicrowaveEquipment>(bench_, loop, sites);
    }

  private:
    MicrowaveBench bench_;
};

} // namespace

std::vector<std::string> vna_models() {
    std::vector<std::string> names;
    for (const VnaModel& model : vnas) {
        names.emplace_back(model.name);
    }
    return names;
}

std::unique_ptr<Plan> microwave_plan(const MicrowaveBench& bench) {
    static_cast<void>(model_of(bench.vna));
    physics::check(bench.device);
    require_between("f0", bench.f0, 1e8, 6e9);
    require_not_negative("vna-noise", bench.nature.noise);
    require_not_negative("sweep-time", bench.nature.sweep_time);
    require_not_negative("settle-time", bench.settle_time.count());
    require_not_negative("transfer-time", bench.transfer_time.count());
    require_between("path-gain", bench.nature.path_gain, -100, 100);
    return std::make_unique<MicrowavePlan>(bench);
}

} // namespace phyll::bench
