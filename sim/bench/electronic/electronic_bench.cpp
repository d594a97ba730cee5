#include "sim/bench/electronic/electronic_bench.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/require.hpp"
#include "drivers/core/text.hpp"
#include "sim/bench/electronic/keysight_33500.hpp"
#include "sim/bench/electronic/keysight_infiniivision.hpp"
#include "sim/bench/electronic/rigol_dg1000z.hpp"
#include "sim/bench/electronic/rigol_mso5000.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace phyll::bench {
namespace {

struct GeneratorModel {
    std::string_view name;
    std::unique_ptr<Generator> (*make)(const std::string& serial, OutputErrors errors,
                                       Generator::Play play);
};

struct DigitiserModel {
    std::string_view name;
    std::unique_ptr<Digitiser> (*make)(const std::string& serial, Loop& loop, const Site& site,
                                       DigitiserNature nature);
};

template <class Model>
std::unique_ptr<Generator> make_generator(const std::string& serial, OutputErrors errors,
                                          Generator::Play play) {
    return std::make_unique<Model>(serial, errors, std::move(play));
}

template <class Model>
std::unique_ptr<Digitiser> make_digitiser(const std::string& serial, Loop& loop, const Site& site,
                                          DigitiserNature nature) {
    return std::make_unique<Model>(serial, loop, site, nature);
}

// An instrument is one line here.
constexpr auto generators = std::to_array<GeneratorModel>({
    {"keysight-33500", make_generator<Keysight33500>},
    {"rigol-dg1000z", make_generator<RigolDg1000z>},
});
constexpr auto digitisers = std::to_array<DigitiserModel>({
    {"keysight-infiniivision", make_digitiser<KeysightInfiniivision>},
    {"rigol-mso5000", make_digitiser<RigolMso5000>},
});

template <class Models>
std::vector<std::string> names_of(const Models& models) {
    std::vector<std::string> names;
    for (const auto& model : models) {
        names.emplace_back(model.name);
    }
    return names;
}

/// The digitiser's channel that sees the generator's output.
constexpr unsigned monitor_channel = 3;

template <class Models>
const auto& model_of(const Models& models, const char* field, const std::string& name) {
    const auto* const found =
        std::ranges::find(models, name, &std::ranges::range_value_t<Models>::name);
    if (found == models.end()) {
        throw invalid_field(field, fmt::format("{}; valid is {}", in_quotes(name),
                                               fmt::join(names_of(models), ", ")));
    }
    return *found;
}

class ElectronicEquipment final : public Equipment {
  public:
    ElectronicEquipment(const ElectronicBench& bench, Loop& loop, const std::vector<Site>& sites)
        : circuit_(bench.circuit),
          latency_(bench.latency),
          digitiser_(
              model_of(digitisers, "digitiser", bench.digitiser)
                  .make(fmt::format("PHYLLSIM-D{}", sites[1].port), loop, sites[1], bench.nature)),
          generator_(model_of(generators, "generator", bench.generator)
                         .make(fmt::format("PHYLLSIM-G{}", sites[0].port), bench.output,
                               [this](const Burst& burst) { play(burst); })) {}

    [[nodiscard]] std::vector<Instrument*> instruments() override {
        return {generator_.get(), digitiser_.get()};
    }
    [[nodiscard]] std::string config(const std::vector<std::string>& addresses) const override;

  private:
    void play(const Burst& burst) {
        digitiser_->played(
            burst, [&] { return std::make_shared<LadderSignals>(circuit_, burst, latency_); });
    }

    physics::ElectronicParameters circuit_;
    Seconds latency_;
    std::unique_ptr<Digitiser> digitiser_;
    std::unique_ptr<Generator> generator_;
};

std::string ElectronicEquipment::config(const std::vector<std::string>& addresses) const {
    return fmt::format(R"([[instruments]]
name = "generator"
kind = "generator"
address = "{}"
virtual = true

[[instruments]]
name = "digitiser"
kind = "digitiser"
address = "{}"
virtual = true

[[rigs]]
name = "ladder"
kind = "electronic-instruments"
unattended = true
options = {{ generator = "generator", digitiser = "digitiser", trigger_channel = {}, adc_range = {} }}
)",
                       addresses.at(0), addresses.at(1),
                       digitiser_->has_external_trigger() ? 0U : monitor_channel,
                       physics::adc_range_of(circuit_));
}

class ElectronicPlan final : public Plan {
  public:
    explicit ElectronicPlan(ElectronicBench bench) : bench_(std::move(bench)) {}

    [[nodiscard]] Seconds transfer_time() const override { return bench_.transfer_time; }
    [[nodiscard]] std::vector<Place> places() const override {
        return {{.name = "generator", .port = bench_.generator_port},
                {.name = "digitiser", .port = bench_.digitiser_port}};
    }
    [[nodiscard]] std::unique_ptr<Equipment> build(Loop& loop,
                                                   const std::vector<Site>& sites) const override {
        return std::make_unique<ElectronicEquipment>(bench_, loop, sites);
    }

  private:
    ElectronicBench bench_;
};

void require_finite(const char* field, double value) {
    if (!std::isfinite(value)) {
        throw invalid_field(field, fmt::format("{}; valid is a finite number", value));
    }
}

} // namespace

std::vector<std::string> generator_models() {
    return names_of(generators);
}

std::vector<std::string> digitiser_models() {
    return names_of(digitisers);
}

std::unique_ptr<Plan> electronic_plan(const ElectronicBench& bench) {
    static_cast<void>(model_of(generators, "generator", bench.generator));
    static_cast<void>(model_of(digitisers, "digitiser", bench.digitiser));
    physics::check(bench.circuit);
    require_not_negative("noise", bench.nature.noise);
    require_not_negative("record-time", bench.nature.record_time.count());
    require_not_negative("transfer-time", bench.transfer_time.count());
    require_not_negative("latency", bench.latency.count());
    require_finite("generator-gain", bench.output.gain);
    require_finite("generator-offset", bench.output.offset);
    return std::make_unique<ElectronicPlan>(bench);
}

} // namespace phyll::bench
