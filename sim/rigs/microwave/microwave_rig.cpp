#include "sim/rigs/microwave/microwave_rig.hpp"

#include "drivers/core/error.hpp"
#include "sim/physics/microwave/cavity.hpp"
#include "sim/rigs/microwave/microwave.pb.h"
#include "sim/rigs/raw_numbers.hpp"

#include <fmt/format.h>

namespace phyll::sim {
namespace {

using physics::MicrowaveResponse;

constexpr std::size_t largest_batch = 1024;

/// What a passive device can answer, and a thousandth for the rounding of a device without losses.
constexpr double most = 1.001;

MicrowaveResponse response_from(const std::string& text) {
    if (text == "abs") {
        return MicrowaveResponse::abs;
    }
    if (text == "abs2") {
        return MicrowaveResponse::abs2;
    }
    if (text == "complex") {
        return MicrowaveResponse::complex;
    }
    throw invalid_field("response", fmt::format("'{}'; valid are 'abs', 'abs2', 'complex'", text));
}

void describe_outputs(const physics::MicrowaveParameters& p, LayerSpec& spec) {
    const auto add = [&](const char* what, std::size_t point, double minimum) {
        spec.outputs.push_back({.name = fmt::format("{} at {:.5f} f0", what, p.frequency(point)),
                                .unit = "1",
                                .minimum = minimum,
                                .maximum = most});
    };
    for (std::size_t i = 0; i < p.points; ++i) {
        switch (p.response) {
        case MicrowaveResponse::abs:
            add("abs(S21)", i, 0.0);
            break;
        case MicrowaveResponse::abs2:
            add("abs(S21)^2", i, 0.0);
            break;
        case MicrowaveResponse::complex:
            add("Re(S21)", i, -most);
            add("Im(S21)", i, -most);
            break;
        }
    }
}

LayerSpec spec_of(const physics::MicrowaveParameters& p) {
    LayerSpec spec;
    spec.kind = "microwave";
    for (std::size_t k = 0; k < p.atoms; ++k) {
        spec.inputs.push_back({.name = fmt::format("resonance of meta-atom {}", k + 1),
                               .unit = "f0",
                               .at_zero = p.resonance_off,
                               .at_one = p.resonance_on,
                               .levels = 2});
    }
    describe_outputs(p, spec);
    spec.stimulus_storage.kind = StorageFormat::Kind::bits;
    spec.max_batch = largest_batch;
    spec.seconds_per_sample = p.seconds_per_sample();
    return spec;
}

class MicrowaveRig final : public SimulatedRig {
  public:
    MicrowaveRig(const physics::MicrowaveParameters& parameters, const RigSite& site)
        : workers_(*site.workers),
          cavity_(parameters, site.seed, workers_),
          spec_(spec_of(parameters)) {}

    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }
    void query(ConstBlock x, Block y, const QueryContext& context) override {
        RawNumbers sweeps(context.raw, x.samples(), cavity_.parameters().points);
        cavity_.respond(x, y, workers_, context.stop, sweeps.rows());
        sweeps.hand_over(
            fmt::format("complex64 S21 sweep, {} points", cavity_.parameters().points));
    }
    [[nodiscard]] SafeState make_safe() noexcept override { return {}; }
    [[nodiscard]] Health health() const override { return {}; }
    void recover(const Deadline&, std::stop_token) override {}

    [[nodiscard]] std::size_t parameters() const override {
        return physics::microwave_displacements(cavity_.parameters());
    }
    void displace(std::span<const double> offsets) override { cavity_.displace(offsets, workers_); }
    /// Between what hardly matters and everything as far away as it can be.
    [[nodiscard]] Reach reach() const override { return {.smallest = 0.004, .largest = 1.0}; }

  private:
    Workers& workers_;
    physics::MicrowaveCavity cavity_;
    LayerSpec spec_;
};

std::unique_ptr<SimulatedRig> make(const google::protobuf::Message& options, const RigSite& site) {
    return std::make_unique<MicrowaveRig>(
        microwave_parameters(dynamic_cast<const v1::MicrowaveOptions&>(options)), site);
}

} // namespace
physics::MicrowaveParameters microwave_parameters(const v1::MicrowaveOptions& options) {
    physics::MicrowaveParameters p;
    const auto take = [](bool given, auto value, auto& parameter) {
        if (given) {
            parameter = value;
        }
    };
    take(options.has_points(), options.points(), p.points);
    take(options.has_lowest_frequency(), options.lowest_frequency(), p.lowest_frequency);
    take(options.has_highest_frequency(), options.highest_frequency(), p.highest_frequency);
    if (options.has_response()) {
        p.response = response_from(options.response());
    }
    take(options.has_perimeter(), options.perimeter(), p.perimeter);
    take(options.has_irregularity(), options.irregularity(), p.irregularity);
    take(options.has_wire_spacing(), options.wire_spacing(), p.wire_spacing);
    take(options.has_wall_loss(), options.wall_loss(), p.wall_loss);
    take(options.has_rods(), options.rods(), p.rods);
    take(options.has_atoms(), options.atoms(), p.atoms);
    take(options.has_atom_spacing(), options.atom_spacing(), p.atom_spacing);
    take(options.has_atom_depth(), options.atom_depth(), p.atom_depth);
    take(options.has_resonance_off(), options.resonance_off(), p.resonance_off);
    take(options.has_resonance_on(), options.resonance_on(), p.resonance_on);
    take(options.has_radiative_q(), options.radiative_q(), p.radiative_q);
    take(options.has_absorption_q(), options.absorption_q(), p.absorption_q);
    take(options.has_port_distance(), options.port_distance(), p.port_distance);
    take(options.has_port_coupling(), options.port_coupling(), p.port_coupling);
    take(options.has_port_q(), options.port_q(), p.port_q);
    take(options.has_if_bandwidth(), options.if_bandwidth(), p.if_bandwidth);
    take(options.has_settle_time(), options.settle_time(), p.settle_time);
    check(p);
    return p;
}

SimulatedRigKind microwave_kind() {
    return {.name = "microwave",
            .about = "bits on meta-atoms in a chaotic microwave cavity, read as S21",
            .new_options = [] { return std::make_unique<v1::MicrowaveOptions>(); },
            .make = make};
}

} // namespace phyll::sim
