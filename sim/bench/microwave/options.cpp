#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"
#include "sim/bench/key_value.hpp"
#include "sim/bench/microwave/microwave_bench.hpp"
#include "sim/bench/shared_option.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <memory>
#include <utility>

namespace phyll::bench {
namespace {

using physics::MicrowaveParameters;

constexpr auto numbers = std::to_array<std::pair<std::string_view, double MicrowaveParameters::*>>({
    {"lowest_frequency", &MicrowaveParameters::lowest_frequency},
    {"highest_frequency", &MicrowaveParameters::highest_frequency},
    {"perimeter", &MicrowaveParameters::perimeter},
    {"irregularity", &MicrowaveParameters::irregularity},
    {"wire_spacing", &MicrowaveParameters::wire_spacing},
    {"wall_loss", &MicrowaveParameters::wall_loss},
    {"atom_spacing", &MicrowaveParameters::atom_spacing},
    {"atom_depth", &MicrowaveParameters::atom_depth},
    {"resonance_off", &MicrowaveParameters::resonance_off},
    {"resonance_on", &MicrowaveParameters::resonance_on},
    {"radiative_q", &MicrowaveParameters::radiative_q},
    {"absorption_q", &MicrowaveParameters::absorption_q},
    {"port_distance", &MicrowaveParameters::port_distance},
    {"port_coupling", &MicrowaveParameters::port_coupling},
    {"port_q", &MicrowaveParameters::port_q},
    {"if_bandwidth", &MicrowaveParameters::if_bandwidth},
});
constexpr auto counts =
    std::to_array<std::pair<std::string_view, std::size_t MicrowaveParameters::*>>({
        {"points", &MicrowaveParameters::points},
        {"rods", &MicrowaveParameters::rods},
        {"atoms", &MicrowaveParameters::atoms},
    });

/// "rods=4"
void set_cavity(MicrowaveParameters& device, const std::string& text) {
    const KeyValue setting(text);
    std::vector<std::string_view> known;
    for (const auto& [name, member] : counts) {
        known.push_back(name);
        if (setting.key == name) {
            device.*member = setting.number<std::size_t>("cavity");
            return;
        }
    }
    for (const auto& [name, member] : numbers) {
        known.push_back(name);
        if (setting.key == name) {
            device.*member = setting.number<double>("cavity");
            return;
        }
    }
    throw invalid_field("cavity", fmt::format("{}; valid is KEY=VALUE, of {}", in_quotes(text),
                                              fmt::join(known, ", ")));
}

class MicrowaveCommandLine final : public BenchCommandLine {
  public:
    void add_options(CLI::App& app) override;
    [[nodiscard]] std::unique_ptr<Plan> plan() const override {
        MicrowaveBench bench = bench_;
        for (const std::string& setting : cavity_) {
            set_cavity(bench.device, setting);
        }
        bench.settle_time = Seconds(settle_time_);
        bench.transfer_time = Seconds(shared_value(*app_, "--transfer-time", transfer_time_));
        bench.nature.seed = shared_value(*app_, "--seed", bench_.nature.seed);
        return microwave_plan(bench);
    }

  private:
    const CLI::App* app_ = nullptr;
    MicrowaveBench bench_;
    std::vector<std::string> cavity_;
    double settle_time_ = 0.0;
    double transfer_time_ = 0.0;
};

void MicrowaveCommandLine::add_options(CLI::App& app) {
    app_ = &app;
    app.add_option(
           "--vna", bench_.vna,
           fmt::format("The VNA, what it pretends to be: {}", fmt::join(vna_models(), ", ")))
        ->capture_default_str();
    app.add_option("--vna-port", bench_.vna_port, "TCP port of 127.0.0.1; 0 picks a free one")
        ->capture_default_str();
    app.add_option("--cavity", cavity_,
                   "KEY=VALUE, of the simulated rig's options: atoms, points, lowest_frequency "
                   "(f0), if_bandwidth (Hz), ...; may be given several times")
        ->type_name("KEY=VALUE")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_option("--atoms", bench_.device.atoms, "Meta-atoms")->capture_default_str();
    app.add_option("--points", bench_.device.points,
                   "Frequencies of the configuration and of the setup in the VNA's file")
        ->capture_default_str();
    app.add_option("--cavity-seed", bench_.device_seed, "Which cavity it is, as a rig's seed")
        ->capture_default_str();
    app.add_option("--f0", bench_.f0, "Hz, what the cavity's frequencies are in units of")
        ->capture_default_str();
    app.add_option("--vna-noise", bench_.nature.noise,
                   "Noise of real and of imaginary part of S, rms, at -10 dBm and 10 kHz: a "
                   "function of the seed, the count of sweeps, the S-parameter and the point")
        ->capture_default_str();
    app.add_option("--sweep-time", bench_.nature.sweep_time,
                   "What a sweep takes, in units of points x 1.2 / IF bandwidth; 0: at once")
        ->capture_default_str();
    app.add_option("--settle-time", settle_time_,
                   "Time, in s, from when a pattern is said to be shown until waves meet it")
        ->capture_default_str();
    app.add_option("--path-gain", bench_.nature.path_gain,
                   "dB, of an amplifier between the VNA's source and its receiver")
        ->capture_default_str();
    add_shared_option(app, "--seed", bench_.nature.seed, "Seed of the noise");
    add_shared_option(app, "--transfer-time", transfer_time_,
                      "Time, in s, that every message takes before the instrument acts");
}

} // namespace

BenchKind microwave_bench() {
    return {.name = "microwave",
            .about = "a VNA and a metasurface in a chaotic cavity",
            .command_line = [] { return std::make_unique<MicrowaveCommandLine>(); }};
}

} // namespace phyll::bench
