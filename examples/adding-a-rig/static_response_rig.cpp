#include "examples/adding-a-rig/static_response_rig.hpp"

#include "drivers/core/error.hpp"
#include "drivers/rigs/electronic/encoding.hpp"
#include "drivers/rigs/electronic/player.hpp"
#include "drivers/rigs/instrument_care.hpp"
#include "examples/adding-a-rig/static_response.pb.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace phyll::examples {
namespace {

using instruments::DigitiserChannel;
using instruments::Volts;
using rigs::Calibration;
using rigs::Patience;

/// Wiring, as on the bench of phyllsim: a node of the circuit, and the generator's output itself.
constexpr unsigned node_channel = 1;
constexpr unsigned monitor_channel = 3;
constexpr double node_range = 1.0; // V
constexpr std::size_t points_per_hold = 16;
constexpr std::size_t largest_batch = 256;
constexpr double drive_tolerance = 0.05;

rigs::Encoding encoding_of(const v1::StaticResponseOptions& options) {
    return {.hold_time = options.hold_time(),
            .points_per_hold = points_per_hold,
            .dac_samples = options.voltages(),
            .low = 0.0,
            .high = options.highest(),
            .rest_holds = 1}; // a hold is long enough to settle
}

LayerSpec spec_of(const rigs::Encoding& encoding) {
    LayerSpec spec;
    spec.kind = "static-response";
    for (std::size_t k = 1; k <= encoding.dac_samples; ++k) {
        spec.inputs.push_back({.name = fmt::format("voltage {}", k),
                               .unit = "V",
                               .at_zero = encoding.low,
                               .at_one = encoding.high});
        spec.outputs.push_back({.name = fmt::format("node after voltage {}", k),
                                .unit = "V",
                                .minimum = -node_range,
                                .maximum = node_range});
    }
    spec.max_batch = largest_batch;
    spec.seconds_per_sample = static_cast<double>(encoding.dac_samples + 1) * encoding.hold_time;
    spec.deterministic = false;
    return spec;
}

class StaticResponseRig final : public rigs::InstrumentRig {
  public:
    StaticResponseRig(const v1::StaticResponseOptions& options, const rigs::InstrumentRigSite& site)
        : clock_(site.clock),
          encoding_(encoding_of(options)),
          player_(site.shelf.generator("generator", options.generator()),
                  site.shelf.digitiser("digitiser", options.digitiser()),
                  {.monitor = monitor_channel, .trigger_level = Volts{1.0}, .retakes = 3},
                  site.clock),
          care_(player_.instruments(), site.clock),
          spec_(spec_of(encoding_)) {
        care_.note_evidence(spec_);
        spec_.limits = playing().limits.in_words();
    }

    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }

    void query(ConstBlock x, Block y, const QueryContext& context) override {
        throw_if_over(context, clock_);
        care_.reaching([&] { measure(x, y, context); });
    }

    [[nodiscard]] SafeState make_safe() noexcept override { return player_.make_safe(); }

    [[nodiscard]] Health health() const override { return care_.health(retaken(), "record"); }

    void recover(const Deadline& deadline, std::stop_token stop) override {
        care_.reaching([&] { care_.reconnect({.deadline = deadline, .stop = std::move(stop)}); });
        care_.note_evidence(spec_);
    }

    // Instants at the end of holds of many ms need no calibration.
    [[nodiscard]] Calibration calibrate(const Patience&) override { return nominal(); }
    void use(const Calibration&) override {}
    [[nodiscard]] Calibration nominal() const override { return {}; }

    [[nodiscard]] std::vector<instruments::Instrument*> instruments() override {
        return care_.all();
    }
    [[nodiscard]] std::uint64_t retaken() const noexcept override { return player_.retaken(); }

  private:
    [[nodiscard]] instruments::GeneratorSetup playing() const {
        return {.sample_rate = 1 / encoding_.hold_time,
                .low = Volts{0.0},
                .high = Volts{encoding_.high},
                .limits = {.peak = Volts{encoding_.high}}};
    }

    /// The whole block is one waveform, and one record.
    void measure(ConstBlock x, Block y, const QueryContext& context) {
        const Patience patience{.deadline = context.deadline, .stop = context.stop};
        const rigs::Frame frame(encoding_, x.samples(), false);
        const std::uint16_t count = player_.next_count();
        player_.prepare(playing(), patience);
        player_.begin_upload(frame.waveform(x, count, {}), patience);
        player_.finish_upload(patience);

        instruments::DigitiserSetup setup = frame.record(0.0);
        setup.channels = {
            DigitiserChannel{.number = node_channel, .range = Volts{node_range}},
            DigitiserChannel{.number = monitor_channel, .range = Volts{1.1 * encoding_.high}}};
        const Clock::Monotonic start = clock_.now();
        static_cast<void>(player_.play(
            setup, frame.duration(),
            [&](const instruments::Record& monitor) {
                return frame.objection(monitor, x, count, 0.0, drive_tolerance);
            },
            patience));
        std::ranges::fill(context.times, SampleTime{.start = start, .end = clock_.now()});

        const instruments::Record node = player_.read(node_channel, patience);
        for (std::size_t sample = 0; sample < x.samples(); ++sample) {
            for (std::size_t k = 0; k < encoding_.dac_samples; ++k) {
                y.sample(sample)[k] = static_cast<float>(
                    rigs::just_before(node, frame.end_of(frame.first_hold(sample) + k, 0.0)));
            }
        }
    }

    const Clock& clock_;
    rigs::Encoding encoding_;
    rigs::Player player_;
    rigs::InstrumentCare care_; ///< faults, reconnecting, evidence
    LayerSpec spec_;
};

} // namespace

rigs::InstrumentRigKind static_response_kind() {
    return {
        .name = "static-response",
        .about = "a circuit's answer to voltages that last",
        .simulated_by = "",
        .new_options = [] { return std::make_unique<v1::StaticResponseOptions>(); },
        .make = [](const google::protobuf::Message& options,
                   const rigs::InstrumentRigSite& site) -> std::unique_ptr<rigs::InstrumentRig> {
            return std::make_unique<StaticResponseRig>(
                dynamic_cast<const v1::StaticResponseOptions&>(options), site);
        }};
}

} // namespace phyll::examples
