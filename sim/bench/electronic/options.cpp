#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"
#include "sim/bench/electronic/electronic_bench.hpp"
#include "sim/bench/key_value.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace phyll::bench {
namespace {

constexpr auto circuit_numbers =
    std::to_array<std::pair<std::string_view, double physics::ElectronicParameters::*>>({
        {"resistance", &physics::ElectronicParameters::resistance},
        {"capacitance", &physics::ElectronicParameters::capacitance},
        {"saturation_current", &physics::ElectronicParameters::saturation_current},
        {"ideality", &physics::ElectronicParameters::ideality},
        {"thermal_voltage", &physics::ElectronicParameters::thermal_voltage},
    });

/// "stages=4"
void set_circuit(physics::ElectronicParameters& circuit, const std::string& text) {
    const KeyValue setting(text);
    const auto number = [&] { return setting.number<double>("circuit"); };
    for (const auto& [name, member] : circuit_numbers) {
        if (setting.key == name) {
            circuit.*member = number();
            return;
        }
    }
    if (setting.key == "stages") {
        constexpr double most = 1e6; // The circuit itself says what is valid.
        circuit.stages = static_cast<std::size_t>(std::clamp(number(), 0.0, most));
        circuit.adc_nodes = {1};
    } else if (setting.key == "diodes" && (setting.value == "true" || setting.value == "false")) {
        circuit.diodes = setting.value == "true";
    } else {
        throw invalid_field("circuit",
                            fmt::format("{}; valid is KEY=VALUE, of stages, diodes (true or "
                                        "false), resistance, capacitance, saturation_current, "
                                        "ideality, thermal_voltage",
                                        in_quotes(text)));
    }
}

class ElectronicCommandLine final : public BenchCommandLine {
  public:
    void add_options(CLI::App& app) override;
    [[nodiscard]] std::unique_ptr<Plan> plan() const override {
        ElectronicBench bench = bench_;
        for (const std::string& setting : circuit_) {
            set_circuit(bench.circuit, setting);
        }
        bench.nature.record_time = Seconds(record_time_);
        bench.latency = Seconds(latency_);
        bench.transfer_time = Seconds(transfer_time_);
        return electronic_plan(bench);
    }

  private:
    ElectronicBench bench_;
    std::vector<std::string> circuit_;
    double record_time_ = 0.0;
    double latency_ = ElectronicBench{}.latency.count();
    double transfer_time_ = 0.0;
};

void ElectronicCommandLine::add_options(CLI::App& app) {
    const auto models = [](const std::vector<std::string>& names) {
        return fmt::format("what it pretends to be: {}", fmt::join(names, ", "));
    };
    app.add_option("--generator", bench_.generator, "The generator, " + models(generator_models()))
        ->capture_default_str();
    app.add_option("--digitiser", bench_.digitiser, "The digitiser, " + models(digitiser_models()))
        ->capture_default_str();
    app.add_option("--generator-port", bench_.generator_port,
                   "TCP port of 127.0.0.1; 0 picks a free one")
        ->capture_default_str();
    app.add_option("--digitiser-port", bench_.digitiser_port, "The same for the digitiser")
        ->capture_default_str();
    app.add_option("--circuit", circuit_,
                   "KEY=VALUE, of the ladder: stages, diodes (true or false), resistance (ohm), "
                   "capacitance (F), saturation_current (A), ideality, thermal_voltage (V); may "
                   "be given several times")
        ->type_name("KEY=VALUE")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_option("--generator-gain", bench_.output.gain,
                   "What the output really is: gain times what was asked for, plus offset")
        ->capture_default_str();
    app.add_option("--generator-offset", bench_.output.offset, "The same, in V")
        ->capture_default_str();
    app.add_option("--noise", bench_.nature.noise,
                   "Noise at the digitiser's inputs, in V rms: a function of the seed, the count "
                   "of captures, the channel and the point")
        ->capture_default_str();
    app.add_option("--seed", bench_.nature.seed, "Seed of the noise")->capture_default_str();
    app.add_option("--transfer-time", transfer_time_,
                   "Time, in s, that every message takes before the instrument acts")
        ->capture_default_str();
    app.add_option("--record-time", record_time_,
                   "Time, in s, from a trigger until the record is there; the signals' own time "
                   "costs nothing")
        ->capture_default_str();
    app.add_option("--latency", latency_,
                   "Time, in s, from the trigger to the waveform's first point at the output")
        ->capture_default_str();
}

} // namespace

BenchKind electronic_bench() {
    return {.name = "electronic",
            .about = "a generator, a ladder of resistors, capacitors and diodes, and a digitiser",
            .command_line = [] { return std::make_unique<ElectronicCommandLine>(); }};
}

} // namespace phyll::bench
