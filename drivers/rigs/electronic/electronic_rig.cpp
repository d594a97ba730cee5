#include "drivers/rigs/electronic/electronic_rig.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"
#include "drivers/rigs/electronic/calibrating.hpp"
#include "drivers/rigs/electronic/electronic.pb.h"
#include "drivers/rigs/electronic/player.hpp"
#include "drivers/rigs/electronic/settings.hpp"
#include "drivers/rigs/instrument_care.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace phyll::rigs {
namespace {

using instruments::Volts;

/// Waveforms that a query may take; with `follow` all its samples are in one.
constexpr std::size_t frames_per_query = 16;
/// By how much of the drive's range the output may be off what it should be.
constexpr double drive_tolerance = 0.05;
/// A trigger at half the marker's level.
constexpr double trigger_share = 0.5;

constexpr auto latency_name = "latency";
constexpr auto scale_name = "scale";
constexpr auto offset_name = "offset";
constexpr auto rest_name = "rest";

LayerSpec spec_of(const ElectronicSettings& settings) {
    const Encoding& encoding = settings.encoding;
    LayerSpec spec;
    spec.kind = "electronic-instruments";
    for (std::size_t k = 1; k <= encoding.dac_samples; ++k) {
        spec.inputs.push_back({.name = fmt::format("DAC sample {}", k),
                               .unit = "V",
                               .at_zero = encoding.low,
                               .at_one = encoding.high});
    }
    for (const std::size_t read : encoding.reads) {
        for (std::size_t i = 0; i < settings.channels.size(); ++i) {
            const double range = settings.channels[i].range.value;
            spec.outputs.push_back(
                {.name = fmt::format("node {} after DAC sample {}", settings.nodes[i], read),
                 .unit = "V",
                 .minimum = -range,
                 .maximum = range});
        }
    }
    spec.max_batch = frames_per_query * settings.samples_per_record;
    spec.seconds_per_sample =
        settings.rest_time + static_cast<double>(encoding.dac_samples) * encoding.hold_time;
    spec.deterministic = false;
    spec.can_follow = true;
    spec.limits = settings.playing.limits.in_words();
    return spec;
}

/// What changes what a calibration measures.
std::string in_words(const ElectronicSettings& settings) {
    const Encoding& encoding = settings.encoding;
    std::string words =
        fmt::format("{:g} to {:g} V, {} holds of {:g} s, monitor {}, trigger {}", encoding.low,
                    encoding.high, encoding.dac_samples, encoding.hold_time,
                    settings.monitor.number, settings.trigger_channel);
    for (std::size_t i = 0; i < settings.channels.size(); ++i) {
        words += fmt::format(", node {} at channel {} to {:g} V", settings.nodes[i],
                             settings.channels[i].number, settings.channels[i].range.value);
    }
    return words;
}

class ElectronicRig final : public InstrumentRig {
  public:
    ElectronicRig(ElectronicSettings settings,
                  std::unique_ptr<instruments::WaveformGenerator> generator,
                  std::unique_ptr<instruments::Digitiser> digitiser, const Clock& clock);

    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }
    void query(ConstBlock x, Block y, const QueryContext& context) override;
    [[nodiscard]] SafeState make_safe() noexcept override;
    [[nodiscard]] Health health() const override { return care_.health(retaken(), "record"); }
    void recover(const Deadline& deadline, std::stop_token stop) override;

    [[nodiscard]] Calibration calibrate(const Patience& patience) override;
    void use(const Calibration& calibration) override;
    [[nodiscard]] Calibration nominal() const override;
    [[nodiscard]] std::vector<instruments::Instrument*> instruments() override {
        return care_.all();
    }
    [[nodiscard]] std::uint64_t retaken() const noexcept override { return player_.retaken(); }

  private:
    /// One waveform of a query.
    struct Part {
        std::size_t first;
        Frame frame;
        std::uint16_t count;
    };

    [[nodiscard]] double expected_latency() const;
    [[nodiscard]] Calibration described(const ElectronicCalibration& measured) const;
    void upload(const Part& part, ConstBlock x, const Patience& patience);
    [[nodiscard]] Part part_of(ConstBlock x, std::size_t first, bool follow);
    void measure(ConstBlock x, Block y, const QueryContext& context);
    void play(const Part& part, ConstBlock x, const QueryContext& context);
    void read(const Part& part, Block y, const QueryContext& context);
    void respond(const Part& part, std::size_t channel, const instruments::Record& record, Block y);
    void keep_raw(const Part& part, const std::vector<instruments::Record>& records,
                  RawSink& raw) const;

    const ElectronicSettings settings_;
    const Clock& clock_;
    Player player_;
    InstrumentCare care_;
    LayerSpec spec_;
    std::optional<ElectronicCalibration> calibration_;
    Encoding encoding_; ///< with the rest of the calibration in use
};

ElectronicRig::ElectronicRig(ElectronicSettings settings,
                             std::unique_ptr<instruments::WaveformGenerator> generator,
                             std::unique_ptr<instruments::Digitiser> digitiser, const Clock& clock)
    : settings_(std::move(settings)),
      clock_(clock),
      player_(std::move(generator), std::move(digitiser),
              {.monitor = settings_.monitor.number,
               .trigger_channel = settings_.trigger_channel,
               .trigger_level = Volts{settings_.trigger_channel == 0
                                          ? 1.0
                                          : trigger_share * settings_.encoding.marker_level()},
               .retakes = settings_.retakes},
              clock),
      care_(player_.instruments(), clock),
      spec_(spec_of(settings_)),
      encoding_(settings_.encoding) {
    care_.note_evidence(spec_);
}

SafeState ElectronicRig::make_safe() noexcept {
    SafeState state = player_.make_safe();
    try {
        care_.note(state);
        care_.note_evidence(spec_);
    } catch (...) { // NOLINT(bugprone-empty-catch): no memory for words
    }
    return state;
}

void ElectronicRig::recover(const Deadline& deadline, std::stop_token stop) {
    care_.reaching([&] { care_.reconnect({.deadline = deadline, .stop = std::move(stop)}); });
    care_.note_evidence(spec_);
}

double ElectronicRig::expected_latency() const {
    // A channel triggers at the rise of the marker, which is the waveform's second hold.
    return settings_.trigger_channel == 0 ? 0.0 : -settings_.encoding.hold_time;
}

Calibration ElectronicRig::described(const ElectronicCalibration& measured) const {
    return {.quantities = {{latency_name, "s", measured.latency},
                           {scale_name, "1", measured.correction.scale},
                           {offset_name, "V", measured.correction.offset},
                           {rest_name, "s", measured.rest_time}},
            .identities = {},
            .settings = in_words(settings_)};
}

Calibration ElectronicRig::nominal() const {
    return described(
        {.latency = expected_latency(), .correction = {}, .rest_time = settings_.rest_time});
}

void ElectronicRig::use(const Calibration& calibration) {
    const double hold = settings_.encoding.hold_time;
    ElectronicCalibration found;
    found.latency = quantity(calibration, latency_name, -2 * hold, 2 * hold);
    found.correction.scale = quantity(calibration, scale_name, 0.5, 2.0);
    const double range = settings_.encoding.high - settings_.encoding.low;
    found.correction.offset = quantity(calibration, offset_name, -range, range);
    found.rest_time = quantity(calibration, rest_name, 0.0, 1000.0);
    calibration_ = found;
    encoding_.rest_holds = static_cast<std::size_t>(std::ceil(found.rest_time / hold - 1e-9));
    care_.note_evidence(spec_);
}

Calibration ElectronicRig::calibrate(const Patience& patience) {
    Encoding encoding = settings_.encoding;
    encoding.rest_holds =
        static_cast<std::size_t>(std::ceil(settings_.rest_time / encoding.hold_time - 1e-9));
    const ElectronicCalibration measured = care_.reaching([&] {
        player_.prepare(settings_.playing, patience);
        return rigs::calibrate(player_,
                               {.encoding = encoding,
                                .monitor = settings_.monitor,
                                .channels = settings_.channels,
                                .expected_latency = expected_latency()},
                               patience);
    });
    Calibration calibration = described(measured);
    calibration.identities = care_.identities();
    use(calibration);
    return calibration;
}

void ElectronicRig::query(ConstBlock x, Block y, const QueryContext& context) {
    if (!calibration_) {
        throw Error(Code::failed_precondition, "the rig is not calibrated");
    }
    throw_if_over(context, clock_);
    care_.reaching([&] { measure(x, y, context); });
}

ElectronicRig::Part ElectronicRig::part_of(ConstBlock x, std::size_t first, bool follow) {
    const std::size_t left = x.samples() - first;
    const std::size_t samples = follow ? left : std::min(left, settings_.samples_per_record);
    return {
        .first = first, .frame = Frame(encoding_, samples, follow), .count = player_.next_count()};
}

void ElectronicRig::upload(const Part& part, ConstBlock x, const Patience& patience) {
    player_.begin_upload(part.frame.waveform(x.slice(part.first, part.frame.samples()), part.count,
                                             calibration_->correction),
                         patience);
}

void ElectronicRig::measure(ConstBlock x, Block y, const QueryContext& context) {
    const Patience patience{.deadline = context.deadline, .stop = context.stop};
    player_.prepare(settings_.playing, patience);
    std::optional<Part> next = part_of(x, 0, context.follow);
    upload(*next, x, patience);
    player_.finish_upload(patience);
    while (next) {
        const Part part = *next;
        play(part, x, context);
        const std::size_t end = part.first + part.frame.samples();
        next = end < x.samples() ? std::optional(part_of(x, end, context.follow)) : std::nullopt;
        if (next) { // the generator takes it while the digitiser is read
            upload(*next, x, patience);
        }
        read(part, y, context);
        if (next) {
            player_.finish_upload(patience);
        }
    }
}

void ElectronicRig::play(const Part& part, ConstBlock x, const QueryContext& context) {
    instruments::DigitiserSetup setup = part.frame.record(calibration_->latency);
    setup.channels = settings_.channels;
    setup.channels.push_back(settings_.monitor);
    const ConstBlock stimuli = x.slice(part.first, part.frame.samples());
    const Clock::Monotonic start = clock_.now();
    static_cast<void>(player_.play(setup, part.frame.duration(),
                                   [&](const instruments::Record& monitor) {
                                       return part.frame.objection(monitor, stimuli, part.count,
                                                                   calibration_->latency,
                                                                   drive_tolerance);
                                   },
                                   {.deadline = context.deadline, .stop = context.stop}));
    if (!context.times.empty()) {
        std::ranges::fill(context.times.subspan(part.first, part.frame.samples()),
                          SampleTime{.start = start, .end = clock_.now()});
    }
}

void ElectronicRig::read(const Part& part, Block y, const QueryContext& context) {
    std::vector<instruments::Record> records;
    for (std::size_t channel = 0; channel < settings_.channels.size(); ++channel) {
        records.push_back(player_.read(settings_.channels[channel].number,
                                       {.deadline = context.deadline, .stop = context.stop}));
        respond(part, channel, records.back(), y);
    }
    if (context.raw != nullptr) {
        keep_raw(part, records, *context.raw);
    }
}

void ElectronicRig::respond(const Part& part, std::size_t channel,
                            const instruments::Record& record, Block y) {
    for (std::size_t sample = 0; sample < part.frame.samples(); ++sample) {
        const std::size_t first = part.frame.first_hold(sample);
        for (std::size_t i = 0; i < encoding_.reads.size(); ++i) {
            const double volts = just_before(
                record, part.frame.end_of(first + encoding_.reads[i] - 1, calibration_->latency));
            const std::size_t output = i * settings_.channels.size() + channel;
            if (record.clipped(volts)) {
                throw Error(Code::unavailable,
                            fmt::format("{} of sample {} is at an end of the digitiser's range of "
                                        "{:g} V; a larger adc_range would hold it",
                                        in_quotes(spec_.outputs[output].name), part.first + sample,
                                        record.range.value));
            }
            y.sample(part.first + sample)[output] = static_cast<float>(volts);
        }
    }
}

void ElectronicRig::keep_raw(const Part& part, const std::vector<instruments::Record>& records,
                             RawSink& raw) const {
    for (std::size_t sample = 0; sample < part.frame.samples(); ++sample) {
        if (!raw.wants(part.first + sample)) {
            continue;
        }
        std::vector<float> values;
        for (const instruments::Record& record : records) {
            const double from =
                part.frame.end_of(part.frame.first_hold(sample) - 1, calibration_->latency);
            const auto first = static_cast<std::size_t>(std::max(
                0.0, std::nearbyint((from - record.start.count()) / record.interval.count())));
            const auto points =
                static_cast<std::size_t>(static_cast<double>(encoding_.dac_samples) *
                                         encoding_.hold_time / record.interval.count());
            for (std::size_t i = first; i < std::min(first + points, record.volts.size()); ++i) {
                values.push_back(static_cast<float>(record.volts[i]));
            }
        }
        raw.keep(part.first + sample,
                 fmt::format("float32, V, {} channels one after the other, a point every {:g} s "
                             "from the start of the sample",
                             records.size(), records.front().interval.count()),
                 std::as_bytes(std::span(values)));
    }
}

std::unique_ptr<InstrumentRig> make(const google::protobuf::Message& options,
                                    const InstrumentRigSite& site) {
    const auto& given = dynamic_cast<const v1::ElectronicInstrumentsOptions&>(options);
    auto generator = site.shelf.generator("generator", given.generator());
    auto digitiser = site.shelf.digitiser("digitiser", given.digitiser());
    return std::make_unique<ElectronicRig>(electronic_settings(given), std::move(generator),
                                           std::move(digitiser), site.clock);
}

} // namespace

InstrumentRigKind electronic_instruments_kind() {
    return {.name = "electronic-instruments",
            .about = "a circuit between a waveform generator (DAC) and a digitiser (ADC)",
            .simulated_by = "electronic",
            .new_options = [] { return std::make_unique<v1::ElectronicInstrumentsOptions>(); },
            .make = make};
}

} // namespace phyll::rigs
