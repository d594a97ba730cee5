#include "sim/rigs/electronic/electronic_rig.hpp"

#include "sim/physics/electronic/ladder.hpp"
#include "sim/rigs/electronic/electronic.pb.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace phyll::sim {
namespace {

constexpr std::size_t largest_batch = 1024;

/// Without an ADC's range: a passive ladder stays within the DAC's extremes but for what the
/// integration rings at coarse time steps.
constexpr double unquantised_margin = 10.0;

/// Readings are floats: the ends of the range must be what the ends of the ADC become.
double as_read(double volts) {
    return static_cast<double>(static_cast<float>(volts));
}

std::pair<double, double> response_range(const physics::ElectronicLadder& ladder) {
    const physics::Adc& adc = ladder.adc();
    if (adc.quantises()) {
        return {as_read(adc.offset()), as_read(adc.offset() + adc.step() * (adc.codes() - 1.0))};
    }
    const physics::ElectronicParameters& p = ladder.parameters();
    const double most = unquantised_margin * std::max(std::abs(p.dac_low), std::abs(p.dac_high));
    return {-most, most};
}

LayerSpec spec_of(const physics::ElectronicLadder& ladder) {
    const physics::ElectronicParameters& p = ladder.parameters();
    const auto [minimum, maximum] = response_range(ladder);
    LayerSpec spec;
    spec.kind = "electronic";
    for (std::size_t k = 1; k <= ladder.n_in(); ++k) {
        spec.inputs.push_back({.name = fmt::format("DAC sample {}", k),
                               .unit = "V",
                               .at_zero = p.dac_low,
                               .at_one = p.dac_high});
    }
    for (const physics::ElectronicReading& reading : ladder.readings()) {
        spec.outputs.push_back(
            {.name = fmt::format("node {} after DAC sample {}", reading.node, reading.sample),
             .unit = "V",
             .minimum = minimum,
             .maximum = maximum});
    }
    if (ladder.adc().quantises()) {
        spec.response_storage = {.kind = StorageFormat::Kind::u16_scaled,
                                 .scale = ladder.adc().step(),
                                 .offset = ladder.adc().offset()};
    }
    spec.max_batch = largest_batch;
    spec.seconds_per_sample = rest_time(p) + waveform_time(p);
    return spec;
}

class ElectronicRig final : public SimulatedRig {
  public:
    ElectronicRig(const physics::ElectronicParameters& parameters, Workers& workers)
        : ladder_(parameters), workers_(workers), spec_(spec_of(ladder_)) {}

    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }
    void query(ConstBlock x, Block y, const QueryContext& context) override {
        ladder_.respond(x, y, workers_, context.stop);
    }
    [[nodiscard]] SafeState make_safe() noexcept override { return {}; }
    [[nodiscard]] Health health() const override { return {}; }
    void recover(const Deadline&, std::stop_token) override {}

    [[nodiscard]] std::size_t parameters() const override {
        return physics::electronic_displacements(ladder_.parameters().stages);
    }
    void displace(std::span<const double> offsets) override { ladder_.displace(offsets); }
    /// From components that are 1 % off to a first stage of some 40 times its nominal RC.
    [[nodiscard]] Reach reach() const override { return {.smallest = 0.02, .largest = 1.5}; }

  private:
    physics::ElectronicLadder ladder_;
    Workers& workers_;
    LayerSpec spec_;
};

std::unique_ptr<SimulatedRig> make(const google::protobuf::Message& options, const RigSite& site) {
    return std::make_unique<ElectronicRig>(
        electronic_parameters(dynamic_cast<const v1::ElectronicOptions&>(options)), *site.workers);
}

} // namespace

physics::ElectronicParameters electronic_parameters(const v1::ElectronicOptions& options) {
    physics::ElectronicParameters p;
    const auto take = [](bool given, auto value, auto& parameter) {
        if (given) {
            parameter = value;
        }
    };
    take(options.has_stages(), options.stages(), p.stages);
    take(options.has_resistance(), options.resistance(), p.resistance);
    take(options.has_capacitance(), options.capacitance(), p.capacitance);
    take(options.has_diodes(), options.diodes(), p.diodes);
    take(options.has_saturation_current(), options.saturation_current(), p.saturation_current);
    take(options.has_ideality(), options.ideality(), p.ideality);
    take(options.has_thermal_voltage(), options.thermal_voltage(), p.thermal_voltage);
    take(options.has_dac_samples(), options.dac_samples(), p.dac_samples);
    take(options.has_dac_low(), options.dac_low(), p.dac_low);
    take(options.has_dac_high(), options.dac_high(), p.dac_high);
    take(options.has_hold_time(), options.hold_time(), p.hold_time);
    if (options.adc_nodes_size() > 0) {
        p.adc_nodes.assign(options.adc_nodes().begin(), options.adc_nodes().end());
    }
    take(options.has_adc_first(), options.adc_first(), p.adc_first);
    take(options.has_adc_every(), options.adc_every(), p.adc_every);
    take(options.has_adc_bits(), options.adc_bits(), p.adc_bits);
    take(options.has_adc_range(), options.adc_range(), p.adc_range);
    take(options.has_steps_per_sample(), options.steps_per_sample(), p.steps_per_sample);
    check(p);
    return p;
}

SimulatedRigKind electronic_kind() {
    return {.name = "electronic",
            .about = "a DAC's voltages through a ladder of resistors, capacitors and diodes",
            .new_options = [] { return std::make_unique<v1::ElectronicOptions>(); },
            .make = make};
}

} // namespace phyll::sim
