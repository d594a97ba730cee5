#include "drivers/rigs/acoustic/acoustic_rig.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/require.hpp"
#include "drivers/rigs/acoustic/acoustic.pb.h"
#include "drivers/rigs/acoustic/calibrating.hpp"
#include "drivers/rigs/acoustic/described.hpp"
#include "drivers/rigs/acoustic/settings.hpp"
#include "drivers/rigs/acoustic/sounder.hpp"
#include "drivers/rigs/instrument_care.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <utility>

namespace phyll::rigs {
namespace {

/// Of a jog: a longer one fades away and comes back in between.
constexpr double first_tone = 0.5;    // s
constexpr double longest_tone = 10.0; // s
/// What is recorded for a snapshot when there is nothing yet.
constexpr double look_time = 0.5; // s

class AcousticInstrumentRig final : public InstrumentRig {
  public:
    AcousticInstrumentRig(AcousticSettings settings, std::unique_ptr<instruments::AudioDuplex> card,
                          const Clock& clock)
        : settings_(std::move(settings)),
          clock_(clock),
          sounder_(std::move(card), settings_, clock),
          care_(sounder_.instruments(), clock),
          spec_(acoustic_spec(settings_)) {
        care_.note_evidence(spec_);
    }

    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }
    void query(ConstBlock x, Block y, const QueryContext& context) override;
    [[nodiscard]] SafeState make_safe() noexcept override;
    [[nodiscard]] Health health() const override { return care_.health(retaken(), "record"); }
    void recover(const Deadline& deadline, std::stop_token stop) override;

    [[nodiscard]] Calibration calibrate(const Patience& patience) override;
    [[nodiscard]] Snapshot snapshot(const View& view, const Patience& patience) override;
    void jog(const Pose& pose, Seconds duration, const Patience& patience) override;
    void use(const Calibration& calibration) override;
    [[nodiscard]] Calibration nominal() const override {
        return described({.gains = settings_.nominal_gains()}, settings_);
    }
    [[nodiscard]] std::vector<instruments::Instrument*> instruments() override {
        return care_.all();
    }
    [[nodiscard]] std::uint64_t retaken() const noexcept override { return sounder_.retaken(); }

  private:
    /// A block of a query.
    struct Part {
        std::size_t first; ///< its first sample, in the query
        Sounder::Playing playing;
        Clock::Monotonic begun;
    };

    /// Does what plays; what fails leaves silence behind.
    template <class Do>
    auto playing(Do what) {
        try {
            return care_.reaching(what);
        } catch (...) {
            sounder_.hush();
            throw;
        }
    }

    void measure(ConstBlock x, Block y, const QueryContext& context);
    [[nodiscard]] Part begin(ConstBlock x, std::size_t first, const QueryContext& context);
    void finish(Part& part, Block y, const QueryContext& context);
    [[nodiscard]] Tone tone_of(const Pose& pose) const;
    [[nodiscard]] Sound tone(const Tone& tone, std::size_t frames) const;

    const AcousticSettings settings_;
    const Clock& clock_;
    Sounder sounder_;
    InstrumentCare care_;
    LayerSpec spec_;
    std::optional<AcousticCalibration> calibration_;
};

SafeState AcousticInstrumentRig::make_safe() noexcept {
    SafeState state = sounder_.make_safe();
    try {
        care_.note(state);
        care_.note_evidence(spec_);
    } catch (...) { // NOLINT(bugprone-empty-catch): no memory for words
    }
    return state;
}

void AcousticInstrumentRig::recover(const Deadline& deadline, std::stop_token stop) {
    care_.reaching([&] { care_.reconnect({.deadline = deadline, .stop = std::move(stop)}); });
    care_.note_evidence(spec_);
}

void AcousticInstrumentRig::use(const Calibration& calibration) {
    AcousticCalibration found = acoustic_calibration(calibration, settings_);
    sounder_.compare_with(found.reference);
    calibration_ = std::move(found);
    care_.note_evidence(spec_);
}

Calibration AcousticInstrumentRig::calibrate(const Patience& patience) {
    const Reference before = sounder_.reference();
    try {
        const AcousticCalibration measured = playing([&] {
            sounder_.prepare(patience);
            return rigs::calibrate(sounder_, settings_, patience);
        });
        Calibration calibration = described(measured, settings_);
        calibration.identities = care_.identities();
        use(calibration);
        return calibration;
    } catch (...) {
        sounder_.compare_with(before);
        throw;
    }
}

void AcousticInstrumentRig::query(ConstBlock x, Block y, const QueryContext& context) {
    if (!calibration_) {
        throw Error(Code::failed_precondition, "the rig is not calibrated");
    }
    if (context.follow && x.samples() > settings_.most_following) {
        throw invalid_field("follow", fmt::format("{} samples that follow each other are more than "
                                                  "a block can have; valid is at most {}",
                                                  x.samples(), settings_.most_following));
    }
    throw_if_over(context, clock_);
    playing([&] { measure(x, y, context); });
}

AcousticInstrumentRig::Part AcousticInstrumentRig::begin(ConstBlock x, std::size_t first,
                                                         const QueryContext& context) {
    const std::size_t left = x.samples() - first;
    const std::size_t samples = context.follow ? left : std::min(left, settings_.samples_per_block);
    return {.first = first,
            .playing = sounder_.begin(sounder_.tones().layout(samples, context.follow),
                                      x.slice(first, samples), calibration_->gains,
                                      {.deadline = context.deadline, .stop = context.stop}),
            .begun = clock_.now()};
}

void AcousticInstrumentRig::measure(ConstBlock x, Block y, const QueryContext& context) {
    const Patience patience{.deadline = context.deadline, .stop = context.stop};
    sounder_.prepare(patience);
    if (!sounder_.reference().known()) {
        sounder_.compare_with(sounder_.listen_to_marker(patience));
    }
    care_.note_evidence(spec_);
    Part part = begin(x, 0, context);
    for (;;) {
        // The next one is queued while this one is played, and played while this one is analysed.
        const std::size_t end = part.first + part.playing.layout.samples();
        std::optional<Part> next;
        if (end < x.samples()) {
            next.emplace(begin(x, end, context));
        }
        finish(part, y, context);
        if (!next) {
            return;
        }
        part = std::move(*next);
    }
}

void AcousticInstrumentRig::finish(Part& part, Block y, const QueryContext& context) {
    const Sound record =
        sounder_.finish(part.playing, {.deadline = context.deadline, .stop = context.stop});
    const BlockLayout& layout = part.playing.layout;
    for (std::size_t sample = 0; sample < layout.samples(); ++sample) {
        const std::vector<std::complex<float>> phasors =
            sounder_.tones().listen(layout, sample, record, sounder_.latency());
        const std::size_t index = part.first + sample;
        std::ranges::transform(phasors, y.sample(index).begin(),
                               [](const std::complex<float>& each) { return std::abs(each); });
        if (context.raw != nullptr && context.raw->wants(index)) {
            context.raw->keep(
                index,
                fmt::format("complex64 amplitudes of the pressure, {} bins, Pa", phasors.size()),
                std::as_bytes(std::span(phasors)));
        }
    }
    if (!context.times.empty()) {
        std::ranges::fill(context.times.subspan(part.first, layout.samples()),
                          SampleTime{.start = part.begun, .end = clock_.now()});
    }
}

Snapshot AcousticInstrumentRig::snapshot(const View& view, const Patience& patience) {
    if (view.pose || view.whole) {
        throw Error(Code::unimplemented,
                    "a snapshot of an acoustic rig is of what was recorded last");
    }
    if (sounder_.last().samples.empty()) {
        playing([&] {
            sounder_.prepare(patience);
            static_cast<void>(sounder_.record(
                silence(sounder_.outputs(), settings_.frames(look_time)), 0, patience));
        });
    }
    const Sound& last = sounder_.last();
    SoundSnapshot snapshot{.rate = settings_.rate,
                           .full_scale = settings_.full_scale,
                           .channels = settings_.inputs.size(),
                           .samples = {},
                           .tones = {},
                           .bins = {}};
    for (std::size_t frame = 0; frame < last.frames(); ++frame) {
        for (const std::size_t input : settings_.inputs) {
            snapshot.samples.push_back(last.at(frame, input));
        }
    }
    for (std::size_t k = 0; k < settings_.multitone.tones; ++k) {
        snapshot.tones.push_back(settings_.multitone.frequency(k));
    }
    for (const MultitoneBin& bin : settings_.bins) {
        snapshot.bins.push_back(bin.frequency);
    }
    return snapshot;
}

Tone AcousticInstrumentRig::tone_of(const Pose& pose) const {
    if (const auto* tone = std::get_if<Tone>(&pose)) {
        require_between("frequency", tone->frequency, 1.0, settings_.rate / 2);
        require_between("amplitude", tone->amplitude, 0.0, 1.0);
        if (tone->output && *tone->output >= settings_.outputs.size()) {
            throw invalid_field("channel", fmt::format("{}; valid is 0 to {}", *tone->output,
                                                       settings_.outputs.size() - 1));
        }
        return *tone;
    }
    const auto* channel = std::get_if<ChannelDrive>(&pose);
    if (channel == nullptr) {
        throw Error(Code::unimplemented, "an acoustic rig is held at a tone, or at one of its "
                                         "channels");
    }
    if (channel->channel >= settings_.multitone.tones) {
        throw invalid_field("channel", fmt::format("{}; valid is 0 to {}", channel->channel,
                                                   settings_.multitone.tones - 1));
    }
    require_between("drive", channel->drive, 0.0, 1.0);
    const std::vector<double> gains =
        calibration_ ? calibration_->gains : settings_.nominal_gains();
    return {.frequency = settings_.multitone.frequency(channel->channel),
            .amplitude = settings_.tone_amplitude * gains[channel->channel] * channel->drive,
            .output = channel->channel % settings_.outputs.size()};
}

Sound AcousticInstrumentRig::tone(const Tone& tone, std::size_t frames) const {
    Sound sound = silence(sounder_.outputs(), frames + 2);
    const std::size_t fade = std::max<std::size_t>(1, std::min(settings_.fade, frames / 2));
    for (std::size_t i = 0; i < frames; ++i) {
        const double value = tone.amplitude * faded_in(std::min(i, frames - 1 - i), fade) *
                             std::sin(2 * std::numbers::pi * tone.frequency *
                                      static_cast<double>(i) / settings_.rate);
        for (std::size_t k = 0; k < settings_.outputs.size(); ++k) {
            if (!tone.output || *tone.output == k) {
                sound.samples[(i + 1) * sound.channels + settings_.outputs[k]] =
                    static_cast<float>(value);
            }
        }
    }
    return sound;
}

void AcousticInstrumentRig::jog(const Pose& pose, Seconds duration, const Patience& patience) {
    const Tone wanted = tone_of(pose);
    playing([&] {
        sounder_.prepare(patience);
        // What is too loud is noticed when a tone is over: the first one is short.
        double length = first_tone;
        for (double left = duration.count(); left > 0; left -= length, length = longest_tone) {
            length = std::min({left, length, sounder_.longest_sound()});
            static_cast<void>(sounder_.record(tone(wanted, settings_.frames(length)),
                                              sounder_.latency() + settings_.fade, patience));
        }
    });
}

std::unique_ptr<InstrumentRig> make_acoustic(const google::protobuf::Message& options,
                                             const InstrumentRigSite& site) {
    const auto& given = dynamic_cast<const v1::AcousticInstrumentsOptions&>(options);
    auto card = site.shelf.audio("audio", given.audio());
    return std::make_unique<AcousticInstrumentRig>(acoustic_settings(given), std::move(card),
                                                   site.clock);
}

} // namespace

InstrumentRigKind acoustic_instruments_kind() {
    return {.name = "acoustic-instruments",
            .about = "speakers and microphones in a cavity, by one sound card",
            .simulated_by = "acoustic",
            .new_options = [] { return std::make_unique<v1::AcousticInstrumentsOptions>(); },
            .make = make_acoustic};
}

} // namespace phyll::rigs
