#include "sim/rigs/optical/optical_rig.hpp"

#include "drivers/core/error.hpp"
#include "sim/physics/optical/optical_device.hpp"
#include "sim/rigs/optical/optical.pb.h"

#include <fmt/format.h>

#include <cmath>

namespace phyll::sim {
namespace {

constexpr std::size_t largest_batch = 1024;

physics::OpticalModulation modulation_from(const std::string& text) {
    if (text == "phase") {
        return physics::OpticalModulation::phase;
    }
    if (text == "amplitude") {
        return physics::OpticalModulation::amplitude;
    }
    throw invalid_field("modulation", fmt::format("'{}'; valid is 'phase', 'amplitude'", text));
}

/// Whole numbers from 0 to `largest`, as multiples of `scale`.
StorageFormat storage_of(std::size_t largest, double scale) {
    if (largest == 1) {
        return {.kind = StorageFormat::Kind::bits};
    }
    return {.kind = largest < 256 ? StorageFormat::Kind::u8 : StorageFormat::Kind::u16_scaled,
            .scale = scale};
}

LayerSpec spec_of(const physics::OpticalParameters& p) {
    const bool phase = p.modulation == physics::OpticalModulation::phase;
    LayerSpec spec;
    spec.kind = "optical";
    for (std::size_t row = 0; row < p.height; ++row) {
        for (std::size_t column = 0; column < p.width; ++column) {
            spec.inputs.push_back({.name = fmt::format("pixel ({}, {})", column, row),
                                   .unit = phase ? "rad" : "1",
                                   .at_one = phase ? p.phase_range : 1.0,
                                   .levels = static_cast<unsigned>(p.levels)});
        }
    }
    for (std::size_t j = 0; j < p.outputs; ++j) {
        spec.outputs.push_back({.name = fmt::format("super-pixel {}", j),
                                .unit = "count",
                                .minimum = 0.0,
                                .maximum = static_cast<double>(p.largest_count())});
    }
    spec.stimulus_storage = storage_of(p.levels - 1, 1.0 / static_cast<double>(p.levels - 1));
    spec.response_storage = storage_of(p.largest_count(), 1.0);
    spec.max_batch = largest_batch;
    spec.seconds_per_sample = p.frame_time;
    return spec;
}

class OpticalRig final : public SimulatedRig {
  public:
    OpticalRig(const physics::OpticalParameters& parameters, const RigSite& site)
        : device_(parameters, site.seed, *site.workers), spec_(spec_of(parameters)) {}

    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }
    void query(ConstBlock x, Block y, const QueryContext& context) override {
        device_.respond(x, y, {.key = context.key, .number = context.number}, context.stop);
    }
    [[nodiscard]] SafeState make_safe() noexcept override { return {}; }
    [[nodiscard]] Health health() const override { return {}; }
    void recover(const Deadline&, std::stop_token) override {}

    [[nodiscard]] std::size_t parameters() const override { return device_.displacements(); }
    void displace(std::span<const double> offsets) override { device_.displace(offsets); }
    /// From barely moved to a medium that has nothing to do with the nominal one.
    [[nodiscard]] Reach reach() const override { return {.smallest = 0.02, .largest = 6.0}; }
    /// Angles that are normal with standard deviation a leave the fields correlated by the mean
    /// cosine, exp(-a^2 / 2), and the intensities by its square.
    [[nodiscard]] double first_guess(double f) const override { return std::sqrt(-std::log1p(-f)); }

  private:
    physics::OpticalDevice device_;
    LayerSpec spec_;
};

std::unique_ptr<SimulatedRig> make(const google::protobuf::Message& options, const RigSite& site) {
    return std::make_unique<OpticalRig>(
        optical_parameters(dynamic_cast<const v1::OpticalOptions&>(options)), site);
}

} // namespace

physics::OpticalParameters optical_parameters(const v1::OpticalOptions& options) {
    physics::OpticalParameters p;
    const auto take = [](bool given, auto value, auto& parameter) {
        if (given) {
            parameter = value;
        }
    };
    take(options.has_width(), options.width(), p.width);
    take(options.has_height(), options.height(), p.height);
    take(options.has_outputs(), options.outputs(), p.outputs);
    take(options.has_grains(), options.grains(), p.grains);
    if (options.has_modulation()) {
        p.modulation = modulation_from(options.modulation());
    }
    take(options.has_phase_range(), options.phase_range(), p.phase_range);
    take(options.has_levels(), options.levels(), p.levels);
    take(options.has_exposure(), options.exposure(), p.exposure);
    take(options.has_full_well(), options.full_well(), p.full_well);
    take(options.has_read_noise(), options.read_noise(), p.read_noise);
    take(options.has_camera_noise(), options.camera_noise(), p.camera_noise);
    take(options.has_bits(), options.bits(), p.bits);
    take(options.has_frame_time(), options.frame_time(), p.frame_time);
    check(p);
    return p;
}

SimulatedRigKind optical_kind() {
    return {.name = "optical",
            .about = "images on a modulator through a scattering medium onto a camera",
            .new_options = [] { return std::make_unique<v1::OpticalOptions>(); },
            .make = make};
}

} // namespace phyll::sim
