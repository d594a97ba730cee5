#include "sim/rigs/acoustic/acoustic_rig.hpp"

#include "drivers/core/error.hpp"
#include "sim/physics/acoustic/cavity.hpp"
#include "sim/rigs/acoustic/acoustic.pb.h"
#include "sim/rigs/raw_numbers.hpp"

#include <fmt/format.h>

namespace phyll::sim {
namespace {

constexpr std::size_t largest_batch = 1024;
/// By which a displaced device is checked to have settled, at every start. One in ten or so may be
/// slow to.
constexpr std::size_t settling_stimuli = 64;

/// 174 dB. The default device stays below 200 Pa at full drive; the strongest drive that the
/// options allow stays below this.
constexpr double loudest = 10e3; // Pa

physics::AcousticBins bins_from(const std::string& text) {
    if (text == "drive") {
        return physics::AcousticBins::drive;
    }
    if (text == "intermodulation") {
        return physics::AcousticBins::intermodulation;
    }
    throw invalid_field("bins", fmt::format("'{}'; valid is 'drive', 'intermodulation'", text));
}

/// Another size of the cavity, with everything at its relative place.
void resize(physics::AcousticParameters& p, std::size_t axis, double length) {
    const double factor = length / p.size[axis];
    p.size[axis] = length;
    const auto scale = [&](auto& places) {
        for (physics::Place& place : places) {
            place[axis] *= factor;
        }
    };
    scale(p.membranes);
    scale(p.speakers);
    scale(p.microphones);
}

LayerSpec spec_of(const physics::AcousticCavity& cavity) {
    const physics::AcousticParameters& p = cavity.parameters();
    LayerSpec spec;
    spec.kind = "acoustic";
    for (std::size_t k = 0; k < cavity.n_in(); ++k) {
        spec.inputs.push_back({.name = fmt::format("tone {} Hz", p.tone(k)),
                               .unit = "m^3/s",
                               .at_one = cavity.full_drive()[k]});
    }
    for (const physics::AcousticBin& bin : acoustic_bins(p)) {
        spec.outputs.push_back(
            {.name = fmt::format("{} Hz at microphone {}{}", bin.frequency, bin.microphone + 1,
                                 bin.driven ? "" : " (intermodulation)"),
             .unit = "Pa",
             .minimum = 0.0,
             .maximum = loudest});
    }
    spec.max_batch = largest_batch;
    spec.seconds_per_sample = p.settle_time + p.window_time;
    return spec;
}

class AcousticRig final : public SimulatedRig {
  public:
    AcousticRig(const physics::AcousticParameters& parameters, Workers& workers)
        : cavity_(parameters), workers_(workers), spec_(spec_of(cavity_)) {}

    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }
    void query(ConstBlock x, Block y, const QueryContext& context) override {
        RawNumbers amplitudes(context.raw, x.samples(), cavity_.n_out());
        cavity_.respond(x, y, workers_, context.stop, amplitudes.rows());
        amplitudes.hand_over(
            fmt::format("complex64 amplitudes of the pressure, {} bins, Pa", cavity_.n_out()));
    }
    [[nodiscard]] SafeState make_safe() noexcept override { return {}; }
    [[nodiscard]] Health health() const override { return {}; }
    void recover(const Deadline&, std::stop_token) override {}

    [[nodiscard]] std::size_t parameters() const override {
        return physics::acoustic_displacements;
    }
    void displace(std::span<const double> offsets) override { cavity_.displace(offsets); }
    /// Between a fifth of a millimetre and places that have nothing to do with the nominal ones.
    [[nodiscard]] Reach reach() const override { return {.smallest = 0.02, .largest = 20.0}; }

    [[nodiscard]] std::vector<std::string> notes_on_displacement() const override {
        const OwnedBlock stimuli = probe_stimuli(settling_stimuli);
        return {fmt::format("as perturbed, two successive windows differ by {:.2g} % of the "
                            "response, the largest of {} stimuli",
                            100.0 * cavity_.disagreement_of_windows(stimuli.view()),
                            settling_stimuli)};
    }

  private:
    physics::AcousticCavity cavity_;
    Workers& workers_;
    LayerSpec spec_;
};

std::unique_ptr<SimulatedRig> make(const google::protobuf::Message& options, const RigSite& site) {
    return std::make_unique<AcousticRig>(
        acoustic_parameters(dynamic_cast<const v1::AcousticOptions&>(options)), *site.workers);
}

} // namespace

physics::AcousticParameters acoustic_parameters(const v1::AcousticOptions& options) {
    physics::AcousticParameters p;
    const auto take = [](bool given, double value, double& parameter) {
        if (given) {
            parameter = value;
        }
    };
    physics::Place size = p.size;
    take(options.has_length(), options.length(), size[0]);
    take(options.has_width(), options.width(), size[1]);
    take(options.has_height(), options.height(), size[2]);
    for (std::size_t axis = 0; axis < size.size(); ++axis) {
        resize(p, axis, size[axis]);
    }
    take(options.has_highest_mode(), options.highest_mode(), p.highest_mode);
    take(options.has_reverberation_time(), options.reverberation_time(), p.reverberation_time);
    take(options.has_membrane_q(), options.membrane_q(), p.membrane_q);
    take(options.has_nonlinearity(), options.nonlinearity(), p.nonlinearity);
    take(options.has_drive(), options.drive(), p.drive);
    take(options.has_sample_rate(), options.sample_rate(), p.sample_rate);
    take(options.has_settle_time(), options.settle_time(), p.settle_time);
    take(options.has_window_time(), options.window_time(), p.window_time);
    if (options.has_bins()) {
        p.bins = bins_from(options.bins());
    }
    check(p);
    return p;
}

SimulatedRigKind acoustic_kind() {
    return {.name = "acoustic",
            .about = "tones in a small cavity of air with nonlinear membranes in its walls",
            .new_options = [] { return std::make_unique<v1::AcousticOptions>(); },
            .make = make};
}

} // namespace phyll::sim
