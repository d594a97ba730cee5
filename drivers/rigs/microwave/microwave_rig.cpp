#include "drivers/rigs/microwave/microwave_rig.hpp"

#include "drivers/core/error.hpp"
#include "drivers/rigs/instrument_care.hpp"
#include "drivers/rigs/microwave/calibrating.hpp"
#include "drivers/rigs/microwave/microwave.pb.h"
#include "drivers/rigs/microwave/settings.hpp"
#include "drivers/rigs/microwave/sweeper.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace phyll::rigs {
namespace {

using instruments::SweepValues;

/// Patterns in one query: what is stopped is stopped between two of them.
constexpr std::size_t largest_batch = 256;
/// What a passive cavity lets through at most, with what a correction may be off by.
constexpr double most_through = 1.25;
/// By how much of its root mean square the reference may differ from the calibration's until a
/// person should know.
constexpr double reference_tolerance = 0.1;

constexpr auto settle_name = "settle time";
constexpr auto noise_name = "noise";
constexpr auto real_name = "real part of the reference S21";
constexpr auto imaginary_name = "imaginary part of the reference S21";
constexpr auto effects_name = "effect of each meta-atom";

void describe_outputs(const MicrowaveSettings& settings, LayerSpec& spec) {
    const double amplitude = most_through * std::pow(10.0, settings.path_gain / 20.0);
    const auto add = [&](const char* what, std::size_t point, double least, double most) {
        spec.outputs.push_back(
            {.name = fmt::format("{} at {:.9g} Hz", what, settings.sweep.frequency(point).value),
             .unit = "1",
             .minimum = least,
             .maximum = most});
    };
    for (std::size_t i = 0; i < settings.sweep.points; ++i) {
        switch (settings.response) {
        case SweepResponse::abs:
            add("abs(S21)", i, 0.0, amplitude);
            break;
        case SweepResponse::abs2:
            add("abs(S21)^2", i, 0.0, amplitude * amplitude);
            break;
        case SweepResponse::complex:
            add("Re(S21)", i, -amplitude, amplitude);
            add("Im(S21)", i, -amplitude, amplitude);
            break;
        }
    }
}

LayerSpec spec_of(const MicrowaveSettings& settings) {
    LayerSpec spec;
    spec.kind = "microwave-instruments";
    for (std::size_t k = 1; k <= settings.atoms; ++k) {
        spec.inputs.push_back({.name = fmt::format("meta-atom {}", k), .unit = "1", .levels = 2});
    }
    describe_outputs(settings, spec);
    spec.stimulus_storage.kind = StorageFormat::Kind::bits;
    spec.max_batch = largest_batch;
    spec.seconds_per_sample = settings.settle_time + settings.sweep_time();
    spec.deterministic = false;
    spec.limits = {fmt::format("{:g} dBm at the source", settings.sweep.most_power.value),
                   fmt::format("{:g} dBm at the receiver, through a path of {:g} dB",
                               settings.receiver_limit, settings.path_gain)};
    return spec;
}

class MicrowaveRig final : public InstrumentRig {
  public:
    MicrowaveRig(MicrowaveSettings settings, std::unique_ptr<instruments::Vna> vna,
                 std::unique_ptr<instruments::Metasurface> metasurface, const Clock& clock)
        : settings_(std::move(settings)),
          clock_(clock),
          sweeper_(std::move(vna), std::move(metasurface), settings_.retakes, clock),
          care_(sweeper_.instruments(), clock),
          spec_(spec_of(settings_)) {
        note_evidence();
    }

    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }
    void query(ConstBlock x, Block y, const QueryContext& context) override;
    [[nodiscard]] SafeState make_safe() noexcept override;
    [[nodiscard]] Health health() const override;
    void recover(const Deadline& deadline, std::stop_token stop) override;

    [[nodiscard]] Calibration calibrate(const Patience& patience) override;
    void use(const Calibration& calibration) override;
    [[nodiscard]] Calibration nominal() const override;
    [[nodiscard]] Snapshot snapshot(const View& view, const Patience& patience) override;
    [[nodiscard]] std::vector<instruments::Instrument*> instruments() override {
        return care_.all();
    }
    [[nodiscard]] std::uint64_t retaken() const noexcept override { return sweeper_.retaken(); }

  private:
    /// Samples one after the other, the next pattern sent while the last sweep is read.
    void measure(ConstBlock x, Block y, const QueryContext& context);
    /// The sweep of the pattern that is shown, `next` being sent meanwhile, or that is not.
    [[nodiscard]] SweepValues sweep(const Pattern& pattern, const Pattern* next,
                                    Sweeper::Times& times, const Patience& patience);
    void prepare(const Patience& patience);
    void require_settings(const Patience& patience);
    /// Whether the cavity still is what was calibrated, once for each connection.
    void look_at_reference(const Patience& patience);
    [[nodiscard]] std::uint64_t lives() const;
    void respond(const SweepValues& values, std::span<float> response) const;
    [[nodiscard]] Calibration described(const MicrowaveCalibration& measured) const;
    void note_evidence();

    const MicrowaveSettings settings_;
    const Clock& clock_;
    Sweeper sweeper_;
    InstrumentCare care_;
    LayerSpec spec_;
    std::optional<MicrowaveCalibration> calibration_;
    bool measured_ = false; ///< what is in use was measured, not assumed
    std::uint64_t compared_in_ = 0;
    double off_reference_ = 0.0;
};

/// Of the analyser also the state that was recalled.
void MicrowaveRig::note_evidence() {
    const auto recalled = sweeper_.recalled();
    care_.note_evidence(spec_, [&](std::size_t i) {
        if (i != 0 || !recalled) {
            return std::string();
        }
        return recalled->sha256.empty()
                   ? fmt::format(", state {}", recalled->name)
                   : fmt::format(", state {} (SHA-256 {})", recalled->name, recalled->sha256);
    });
}

SafeState MicrowaveRig::make_safe() noexcept {
    SafeState state = sweeper_.make_safe();
    try {
        care_.note(state);
        note_evidence();
    } catch (...) { // NOLINT(bugprone-empty-catch): no memory for words
    }
    return state;
}

Health MicrowaveRig::health() const {
    Health health = care_.health(retaken(), "sweep");
    if (health.state != Health::State::ready) {
        return health;
    }
    if (off_reference_ > reference_tolerance) {
        return {.state = Health::State::degraded,
                .reason =
                    fmt::format("with all meta-atoms off S21 is {:.0f} % off what it was when "
                                "the rig was calibrated",
                                100 * off_reference_)};
    }
    if (const auto dead = calibration_ ? calibration_->dead() : std::vector<std::size_t>();
        measured_ && !dead.empty()) {
        return {.state = Health::State::degraded,
                .reason = fmt::format("when the rig was calibrated nothing came of meta-atom{} {}",
                                      dead.size() == 1 ? "" : "s", fmt::join(dead, ", "))};
    }
    return health;
}

void MicrowaveRig::recover(const Deadline& deadline, std::stop_token stop) {
    care_.reaching([&] { care_.reconnect({.deadline = deadline, .stop = std::move(stop)}); });
    note_evidence();
}

Calibration MicrowaveRig::described(const MicrowaveCalibration& measured) const {
    Series real{.name = real_name, .unit = "1", .values = {}};
    Series imaginary{.name = imaginary_name, .unit = "1", .values = {}};
    for (const std::complex<float>& value : measured.reference) {
        real.values.push_back(value.real());
        imaginary.values.push_back(value.imag());
    }
    return {
        .quantities = {{settle_name, "s", measured.settle_time}, {noise_name, "1", measured.noise}},
        .identities = {},
        .settings = in_words(settings_),
        .series = {std::move(real),
                   std::move(imaginary),
                   {.name = effects_name, .unit = "1", .values = measured.effects}}};
}

/// Without series: nothing was measured that they could be.
Calibration MicrowaveRig::nominal() const {
    Calibration calibration = described({.settle_time = settings_.settle_time});
    calibration.series.clear();
    return calibration;
}

void MicrowaveRig::use(const Calibration& calibration) {
    MicrowaveCalibration found;
    found.settle_time = quantity(calibration, settle_name, 0.0, 1000.0);
    found.noise = quantity(calibration, noise_name, 0.0, 1.0);
    if (!calibration.series.empty()) {
        const auto& real = series(calibration, real_name, settings_.sweep.points);
        const auto& imaginary = series(calibration, imaginary_name, settings_.sweep.points);
        for (std::size_t k = 0; k < settings_.sweep.points; ++k) {
            found.reference.emplace_back(static_cast<float>(real[k]),
                                         static_cast<float>(imaginary[k]));
        }
        found.effects = series(calibration, effects_name, settings_.atoms);
    }
    measured_ = !calibration.series.empty();
    calibration_ = std::move(found);
    compared_in_ = 0;
    off_reference_ = 0.0;
    note_evidence();
}

std::uint64_t MicrowaveRig::lives() const {
    std::uint64_t lives = 0;
    for (const instruments::Instrument* instrument : care_.all()) {
        lives += instrument->life();
    }
    return lives;
}

void MicrowaveRig::prepare(const Patience& patience) {
    sweeper_.prepare(settings_.sweep, settings_.atoms, patience);
    note_evidence();
}

Calibration MicrowaveRig::calibrate(const Patience& patience) {
    const MicrowaveCalibration measured = care_.reaching([&] {
        prepare(patience);
        return rigs::calibrate(sweeper_, settings_, patience);
    });
    Calibration calibration = described(measured);
    calibration.identities = care_.identities();
    use(calibration);
    compared_in_ = lives();
    return calibration;
}

Snapshot MicrowaveRig::snapshot(const View& view, const Patience& patience) {
    if (view.pose || view.whole) {
        throw Error(Code::unimplemented,
                    "a snapshot of a microwave rig is a sweep with the metasurface as it stands");
    }
    if (settings_.path_gain != 0) {
        throw Error(
            Code::failed_precondition,
            fmt::format("a snapshot sweeps in both directions, and by path_gain_db, {:g} dB, "
                        "an amplifier or attenuator is in the way of the other one",
                        settings_.path_gain));
    }
    return care_.reaching([&] {
        prepare(patience);
        return SweepSnapshot{.setup = settings_.sweep,
                             .values = sweeper_.look(Seconds(settings_.sweep_time()), patience)};
    });
}

void MicrowaveRig::require_settings(const Patience& patience) {
    const std::vector<std::string> changed = sweeper_.changed_settings(patience);
    if (!changed.empty()) {
        throw Error(Code::aborted,
                    fmt::format("somebody changed a setting: {}", fmt::join(changed, "; ")));
    }
}

void MicrowaveRig::look_at_reference(const Patience& patience) {
    if (!measured_ || compared_in_ == lives()) {
        return;
    }
    sweeper_.show(Pattern(settings_.atoms, 0), patience);
    const SweepValues now = sweeper_.measure(Seconds(calibration_->settle_time),
                                             Seconds(settings_.sweep_time()), patience);
    off_reference_ = difference(calibration_->reference, now);
    compared_in_ = lives();
}

void MicrowaveRig::query(ConstBlock x, Block y, const QueryContext& context) {
    if (!calibration_) {
        throw Error(Code::failed_precondition, "the rig is not calibrated");
    }
    throw_if_over(context, clock_);
    try {
        care_.reaching([&] { measure(x, y, context); });
    } catch (...) {
        sweeper_.hush();
        throw;
    }
}

Pattern pattern_of(std::span<const float> stimulus) {
    Pattern pattern(stimulus.size());
    std::ranges::transform(stimulus, pattern.begin(),
                           [](float drive) { return drive >= 0.5F ? 1 : 0; });
    return pattern;
}

void MicrowaveRig::measure(ConstBlock x, Block y, const QueryContext& context) {
    const Patience patience{.deadline = context.deadline, .stop = context.stop};
    if (context.check_settings) {
        require_settings(patience);
    }
    prepare(patience);
    look_at_reference(patience);
    Pattern pattern = pattern_of(x.sample(0));
    sweeper_.show(pattern, patience);
    for (std::size_t i = 0; i < x.samples(); ++i) {
        const bool is_last = i + 1 == x.samples();
        Pattern next = is_last ? Pattern() : pattern_of(x.sample(i + 1));
        Sweeper::Times times{};
        const SweepValues values = sweep(pattern, is_last ? nullptr : &next, times, patience);
        respond(values, y.sample(i));
        if (!context.times.empty()) {
            context.times[i] = {.start = times.start, .end = times.end};
        }
        if (context.raw != nullptr && context.raw->wants(i)) {
            context.raw->keep(i, fmt::format("complex64 S21 sweep, {} points", values.size()),
                              std::as_bytes(std::span(values)));
        }
        pattern = std::move(next);
    }
}

SweepValues MicrowaveRig::sweep(const Pattern& pattern, const Pattern* next, Sweeper::Times& times,
                                const Patience& patience) {
    const Seconds settle(calibration_->settle_time);
    const Seconds sweep_time(settings_.sweep_time());
    times = sweeper_.sweep(settle, sweep_time, patience);
    if (next != nullptr) {
        sweeper_.begin_pattern(*next, patience);
    }
    std::optional<SweepValues> values = sweeper_.read(patience);
    if (next != nullptr) {
        sweeper_.finish_pattern(patience);
    }
    if (!values) {
        sweeper_.show(pattern, patience);
        values = sweeper_.measure(settle, sweep_time, patience, &times);
        if (next != nullptr) {
            sweeper_.show(*next, patience);
        }
    }
    return std::move(*values);
}

void MicrowaveRig::respond(const SweepValues& values, std::span<float> response) const {
    for (std::size_t k = 0; k < values.size(); ++k) {
        switch (settings_.response) {
        case SweepResponse::abs:
            response[k] = std::abs(values[k]);
            break;
        case SweepResponse::abs2:
            response[k] = std::norm(values[k]);
            break;
        case SweepResponse::complex:
            response[2 * k] = values[k].real();
            response[2 * k + 1] = values[k].imag();
            break;
        }
    }
}

std::unique_ptr<InstrumentRig> make(const google::protobuf::Message& options,
                                    const InstrumentRigSite& site) {
    const auto& given = dynamic_cast<const v1::MicrowaveInstrumentsOptions&>(options);
    auto vna = site.shelf.vna("vna", given.vna());
    auto metasurface = site.shelf.metasurface("metasurface", given.metasurface());
    return std::make_unique<MicrowaveRig>(microwave_settings(given), std::move(vna),
                                          std::move(metasurface), site.clock);
}

} // namespace

InstrumentRigKind microwave_instruments_kind() {
    return {.name = "microwave-instruments",
            .about = "a metasurface in a cavity between the ports of a vector network analyser",
            .simulated_by = "microwave",
            .new_options = [] { return std::make_unique<v1::MicrowaveInstrumentsOptions>(); },
            .make = make};
}

} // namespace phyll::rigs
