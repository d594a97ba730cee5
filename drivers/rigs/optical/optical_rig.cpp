#include "drivers/rigs/optical/optical_rig.hpp"

#include "drivers/core/error.hpp"
#include "drivers/rigs/instrument_care.hpp"
#include "drivers/rigs/optical/calibrating.hpp"
#include "drivers/rigs/optical/optical.pb.h"
#include "drivers/rigs/optical/posed.hpp"
#include "drivers/rigs/optical/settings.hpp"
#include "drivers/rigs/optical/viewer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace phyll::rigs {
namespace {

/// Pictures in one query: what is stopped is stopped between two of them.
constexpr std::size_t largest_batch = 1024;
/// Below that correlation of the reference a person should know that something moves.
constexpr double steady = 0.97;
/// Two captures of a picture agree when they do not differ by more than so many times the noise
/// that the calibration found, and rounding, in counts.
constexpr double noise_room = 4.0;
constexpr double rounding = 1e-3;
/// How many times the settle time a picture may be late by, and how often it may have to be sent,
/// until the display counts as lost.
constexpr int most_late = 4;
constexpr unsigned most_sendings = 3;

constexpr auto exposure_name = "exposure time";
constexpr auto likest_name = "likest other picture";
constexpr auto signal_name = "signal";
constexpr auto saturated_name = "saturated pixels";
constexpr auto settle_name = "settle time";
constexpr auto noise_name = "noise";
constexpr auto noise_counts_name = "noise of a super-pixel";
constexpr auto reference_name = "reference speckle";
constexpr auto levels_name = "level response";

/// Means of squares of counts are multiples of one over their number.
StorageFormat storage_of(const OpticalSettings& settings) {
    const std::size_t pixels = settings.frame.side * settings.frame.side;
    const std::size_t largest = settings.camera.largest_count() * pixels;
    if (pixels == 1 && largest < 256) {
        return {.kind = StorageFormat::Kind::u8, .scale = 1.0};
    }
    if (largest < 65'536) {
        return {.kind = StorageFormat::Kind::u16_scaled,
                .scale = 1.0 / static_cast<double>(pixels)};
    }
    return {};
}

LayerSpec spec_of(const OpticalSettings& settings) {
    LayerSpec spec;
    spec.kind = "optical-instruments";
    for (std::size_t row = 0; row < settings.picture.rows; ++row) {
        for (std::size_t column = 0; column < settings.picture.columns; ++column) {
            spec.inputs.push_back({.name = fmt::format("pixel ({}, {})", column, row),
                                   .unit = settings.phase ? "rad" : "1",
                                   .at_one = settings.phase ? settings.phase_range : 1.0,
                                   .levels = 256});
        }
    }
    for (std::size_t k = 0; k < settings.frame.outputs; ++k) {
        spec.outputs.push_back({.name = fmt::format("super-pixel {}", k),
                                .unit = "count",
                                .minimum = 0.0,
                                .maximum = static_cast<double>(settings.camera.largest_count())});
    }
    spec.stimulus_storage = {.kind = StorageFormat::Kind::u8, .scale = 1.0 / 255.0};
    spec.response_storage = storage_of(settings);
    spec.max_batch = largest_batch;
    spec.seconds_per_sample =
        settings.captures_per_sample() * (settings.settle_time + settings.camera.exposure.count());
    spec.deterministic = false;
    return spec;
}

class OpticalRig final : public InstrumentRig {
  public:
    OpticalRig(OpticalSettings settings, std::unique_ptr<instruments::Slm> slm,
               std::unique_ptr<instruments::Camera> camera, const Clock& clock)
        : settings_(std::move(settings)),
          clock_(clock),
          viewer_(std::move(slm), std::move(camera), settings_.retakes, settings_.overlap, clock),
          care_(viewer_.instruments(), clock),
          known_(reference_stimulus(settings_.picture.inputs())),
          spec_(spec_of(settings_)) {
        care_.note_evidence(spec_);
    }

    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }
    void query(ConstBlock x, Block y, const QueryContext& context) override;
    [[nodiscard]] SafeState make_safe() noexcept override;
    [[nodiscard]] Health health() const override;
    void recover(const Deadline& deadline, std::stop_token stop) override;

    [[nodiscard]] Calibration calibrate(const Patience& patience) override;
    [[nodiscard]] Snapshot snapshot(const View& view, const Patience& patience) override;
    void jog(const Pose& pose, Seconds duration, const Patience& patience) override;
    void use(const Calibration& calibration) override;
    [[nodiscard]] Calibration nominal() const override;
    [[nodiscard]] std::vector<instruments::Instrument*> instruments() override {
        return care_.all();
    }
    [[nodiscard]] std::uint64_t retaken() const noexcept override {
        return viewer_.lost() + out_of_step_;
    }

  private:
    /// A part of a query, whose captures the reference behind them proves.
    struct Part {
        ConstBlock x;
        Block y;
        std::size_t first = 0; ///< its first sample, in the query
    };
    void measure(const Part& part, const QueryContext& context, const Patience& patience);
    /// Every sample, and the reference last.
    void capture_all(const Part& part, const QueryContext& context, const Patience& patience);
    /// Every sample again, the last one first, and the reference: what was shown before each is
    /// another picture this time. Whether all are as they were.
    [[nodiscard]] bool captures_again(const Part& part, const Patience& patience);
    [[nodiscard]] bool agree(std::span<const float> first, std::span<const float> second) const;
    [[nodiscard]] bool in_step() const { return likeness_ >= settings_.reference_least; }
    /// Throws UNAVAILABLE when the last reference was not as bright as that of the calibration.
    void require_brightness() const;
    /// Shows the reference until it is seen, and from then on waits as long, or sends pictures as
    /// often, as that took. False when it is not seen.
    [[nodiscard]] bool step_in(const Patience& patience);
    [[nodiscard]] bool sees_reference(const Patience& patience);
    void keep(Viewer::Capture capture, const Part& part, std::size_t i,
              const QueryContext& context);
    /// What of a part that is proved is to be kept raw.
    void hand_over(const QueryContext& context) const;
    /// Compares a frame of the reference with that of the calibration.
    void compare(const instruments::Frame& frame);
    [[nodiscard]] Seconds settle() const { return Seconds(calibration_->settle_time + late_by_); }
    void prepare(const Patience& patience);
    /// Throws FAILED_PRECONDITION where captures are to be compared, and nobody knows how noisy
    /// they are.
    void require_noise_known() const;
    /// Throws ABORTED when somebody changed one.
    void require_settings(const Patience& patience);
    /// With the exposure time of the calibration, or without one as it is set.
    [[nodiscard]] instruments::CameraSetup camera_setup() const;
    [[nodiscard]] Calibration described(const OpticalCalibration& measured) const;

    const OpticalSettings settings_;
    const Clock& clock_;
    Viewer viewer_;
    InstrumentCare care_;
    const std::vector<float> known_;
    LayerSpec spec_;
    std::optional<OpticalCalibration> calibration_;
    Picture reference_;       ///< on the display as it is
    double likeness_ = 1.0;   ///< of the last reference
    double brightness_ = 1.0; ///< of the last reference, against that of the calibration
    double late_by_ = 0.0;    ///< s; that the display is later than when it was calibrated
    std::uint64_t out_of_step_ = 0;
    /// Of the part that is measured, samples of the query and their frames.
    std::vector<std::pair<std::size_t, instruments::Frame>> raw_;
};

SafeState OpticalRig::make_safe() noexcept {
    SafeState state = viewer_.make_safe();
    try {
        care_.note(state);
        care_.note_evidence(spec_);
    } catch (...) { // NOLINT(bugprone-empty-catch): no memory for words
    }
    return state;
}

Health OpticalRig::health() const {
    Health health = care_.health(retaken(), "frame");
    if (health.state != Health::State::ready) {
        return health;
    }
    if (late_by_ > 0.0) {
        return {.state = Health::State::degraded,
                .reason = fmt::format("the display is {:g} s later than when the rig was "
                                      "calibrated",
                                      late_by_)};
    }
    if (viewer_.sendings() > 1) {
        return {.state = Health::State::degraded,
                .reason = fmt::format("the display shows a picture only when it is sent {} times",
                                      viewer_.sendings())};
    }
    if (likeness_ < steady) {
        return {.state = Health::State::degraded,
                .reason = fmt::format("the speckle of the reference correlates by {:.2f} with that "
                                      "of the calibration: something moves",
                                      likeness_)};
    }
    return health;
}

void OpticalRig::recover(const Deadline& deadline, std::stop_token stop) {
    care_.reaching([&] { care_.reconnect({.deadline = deadline, .stop = std::move(stop)}); });
    care_.note_evidence(spec_);
}

Calibration OpticalRig::described(const OpticalCalibration& measured) const {
    return {.quantities = {{exposure_name, "s", measured.exposure_time},
                           {settle_name, "s", measured.settle_time},
                           {likest_name, "1", measured.likest},
                           {signal_name, "1", measured.signal},
                           {saturated_name, "1", measured.saturated},
                           {noise_name, "1", measured.noise},
                           {noise_counts_name, "count", measured.noise_counts}},
            .identities = {},
            .settings = fmt::format("{}, levels {}", in_words(settings_), viewer_.level_words()),
            .series = {{.name = reference_name,
                        .unit = "count",
                        .values = {measured.reference.begin(), measured.reference.end()}},
                       {.name = levels_name, .unit = "1", .values = measured.level_response}}};
}

/// Without series: nothing was measured that they could be, and nothing tells captures that are out
/// of step.
Calibration OpticalRig::nominal() const {
    Calibration calibration = described({.exposure_time = settings_.camera.exposure.count(),
                                         .signal = settings_.exposure,
                                         .settle_time = settings_.settle_time});
    calibration.series.clear();
    return calibration;
}

void OpticalRig::use(const Calibration& calibration) {
    OpticalCalibration found;
    found.exposure_time = quantity(calibration, exposure_name, 1e-7, 100.0);
    found.settle_time = quantity(calibration, settle_name, 0.0, 1000.0);
    found.likest = quantity(calibration, likest_name, -1.0, 1.0);
    found.signal = quantity(calibration, signal_name, 0.0, 1.0);
    found.saturated = quantity(calibration, saturated_name, 0.0, 1.0);
    found.noise = quantity(calibration, noise_name, 0.0, 1.0);
    found.noise_counts = quantity(calibration, noise_counts_name, 0.0, 65'535.0);
    if (!calibration.series.empty()) {
        const auto& reference = series(calibration, reference_name, settings_.frame.outputs);
        found.reference.assign(reference.size(), 0.0F);
        std::ranges::transform(reference, found.reference.begin(),
                               [](double value) { return static_cast<float>(value); });
        found.level_response = series(calibration, levels_name, response_levels);
    }
    spec_.seconds_per_sample =
        settings_.captures_per_sample() * (found.settle_time + found.exposure_time);
    calibration_ = std::move(found);
    likeness_ = 1.0;
    brightness_ = 1.0;
    late_by_ = 0.0;
    viewer_.send_times(1);
    care_.note_evidence(spec_);
}

instruments::CameraSetup OpticalRig::camera_setup() const {
    instruments::CameraSetup setup = settings_.camera;
    if (calibration_) {
        setup.exposure = Seconds(calibration_->exposure_time);
    }
    return setup;
}

void OpticalRig::prepare(const Patience& patience) {
    viewer_.prepare(settings_.picture, camera_setup(), patience);
    reference_ = viewer_.picture_of(known_);
    care_.note_evidence(spec_);
}

Calibration OpticalRig::calibrate(const Patience& patience) {
    const OpticalCalibration measured =
        care_.reaching([&] { return rigs::calibrate(viewer_, settings_, patience); });
    Calibration calibration = described(measured);
    calibration.identities = care_.identities();
    use(calibration);
    return calibration;
}

Snapshot OpticalRig::snapshot(const View& view, const Patience& patience) {
    return care_.reaching([&] {
        instruments::CameraSetup setup = camera_setup();
        if (view.whole) {
            setup.region = viewer_.sensor(setup.binning, patience);
        }
        viewer_.prepare(settings_.picture, setup, patience);
        viewer_.show(view.pose ? picture_of(*view.pose, viewer_.geometry(), viewer_.display())
                               : viewer_.picture_of(known_),
                     patience);
        const Seconds light = calibration_ ? settle() : Seconds(settings_.settle_time);
        return FrameSnapshot{.setup = setup,
                             .frame = viewer_.capture(light, nullptr, patience).frame};
    });
}

void OpticalRig::jog(const Pose& pose, Seconds duration, const Patience& patience) {
    care_.reaching([&] {
        viewer_.prepare_display(settings_.picture, patience);
        viewer_.show(picture_of(pose, viewer_.geometry(), viewer_.display()), patience);
        transports::wait(clock_, duration, patience);
        if (patience.stop.stop_requested()) {
            throw Error(Code::cancelled, "stopped");
        }
        if (patience.deadline.passed(clock_)) {
            throw Error(Code::deadline_exceeded, "its time was over");
        }
    });
}

void OpticalRig::query(ConstBlock x, Block y, const QueryContext& context) {
    if (!calibration_) {
        throw Error(Code::failed_precondition, "the rig is not calibrated");
    }
    throw_if_over(context, clock_);
    try {
        care_.reaching([&] {
            const Patience patience{.deadline = context.deadline, .stop = context.stop};
            if (context.check_settings) {
                require_settings(patience);
            }
            require_noise_known();
            prepare(patience);
            for (std::size_t first = 0; first < x.samples(); first += settings_.reference_every) {
                const std::size_t count = std::min(settings_.reference_every, x.samples() - first);
                measure({.x = x.slice(first, count), .y = y.slice(first, count), .first = first},
                        context, patience);
            }
        });
    } catch (...) {
        viewer_.hush();
        throw;
    }
}

void OpticalRig::require_settings(const Patience& patience) {
    const std::vector<std::string> changed = viewer_.changed_settings(patience);
    if (!changed.empty()) {
        throw Error(Code::aborted,
                    fmt::format("somebody changed a setting: {}", fmt::join(changed, "; ")));
    }
}

void OpticalRig::require_noise_known() const {
    if (settings_.twice && calibration_->reference.empty()) {
        throw Error(Code::failed_precondition,
                    "twice needs a calibration, which says how noisy captures are");
    }
}

void OpticalRig::compare(const instruments::Frame& frame) {
    const Speckle& calibrated = calibration_->reference;
    if (calibrated.empty()) {
        return;
    }
    Speckle speckle(settings_.frame.outputs);
    read_super_pixels(frame, settings_.frame, speckle);
    likeness_ = correlation(calibrated, speckle);
    brightness_ = mean_of(speckle) / mean_of(calibrated);
}

void OpticalRig::require_brightness() const {
    if (std::abs(brightness_ - 1.0) > settings_.brightness_tolerance) {
        throw Error(
            Code::unavailable,
            fmt::format("the reference is {:.2f} times as bright as when the rig was "
                        "calibrated, and brightness_tolerance is {:g}: the light changed, "
                        "or the camera does not expose as it says; if that stays, calibrate "
                        "anew",
                        brightness_, settings_.brightness_tolerance));
    }
}

void OpticalRig::keep(Viewer::Capture capture, const Part& part, std::size_t i,
                      const QueryContext& context) {
    read_super_pixels(capture.frame, settings_.frame, part.y.sample(i));
    const std::size_t sample = part.first + i;
    if (!context.times.empty()) {
        context.times[sample] = {.start = capture.times.start, .end = capture.times.end};
    }
    if (context.raw != nullptr && context.raw->wants(sample)) {
        raw_.emplace_back(sample, std::move(capture.frame));
    }
}

void OpticalRig::hand_over(const QueryContext& context) const {
    for (const auto& [sample, frame] : raw_) {
        context.raw->keep(sample,
                          fmt::format("uint16 frame, {} x {} pixels", frame.width, frame.height),
                          std::as_bytes(std::span(frame.counts)));
    }
}

void OpticalRig::capture_all(const Part& part, const QueryContext& context,
                             const Patience& patience) {
    raw_.clear();
    viewer_.show(viewer_.picture_of(part.x.sample(0)), patience);
    for (std::size_t i = 0; i < part.x.samples(); ++i) {
        const bool is_last = i + 1 == part.x.samples();
        const Picture next = is_last ? reference_ : viewer_.picture_of(part.x.sample(i + 1));
        keep(viewer_.capture(settle(), &next, patience), part, i, context);
    }
    compare(viewer_.capture(settle(), nullptr, patience).frame);
}

bool OpticalRig::agree(std::span<const float> first, std::span<const float> second) const {
    // Of a difference of two.
    const double noise = std::sqrt(2.0) * calibration_->noise_counts;
    return distance(first, second) <= noise_room * noise + rounding;
}

bool OpticalRig::captures_again(const Part& part, const Patience& patience) {
    bool all_agree = true;
    Speckle second(settings_.frame.outputs);
    viewer_.show(viewer_.picture_of(part.x.sample(part.x.samples() - 1)), patience);
    for (std::size_t i = part.x.samples(); i-- > 0;) {
        const Picture next = i == 0 ? reference_ : viewer_.picture_of(part.x.sample(i - 1));
        read_super_pixels(viewer_.capture(settle(), &next, patience).frame, settings_.frame,
                          second);
        all_agree = agree(part.y.sample(i), second) && all_agree;
    }
    compare(viewer_.capture(settle(), nullptr, patience).frame);
    return all_agree;
}

bool OpticalRig::sees_reference(const Patience& patience) {
    compare(viewer_.capture(settle(), nullptr, patience).frame);
    return in_step();
}

bool OpticalRig::step_in(const Patience& patience) {
    // Something else first, so that the reference is not there from before.
    viewer_.show(viewer_.picture_of(std::vector<float>(known_.size(), 0.0F)), patience);
    static_cast<void>(viewer_.capture(settle(), nullptr, patience));
    viewer_.show(reference_, patience);
    const Clock::Monotonic shown = clock_.now();
    for (int waited = 0; waited <= most_late; ++waited) {
        if (sees_reference(patience)) {
            if (waited > 0) {
                late_by_ = Seconds(clock_.now() - shown).count() - calibration_->settle_time;
            }
            return true;
        }
        transports::wait(clock_, settle(), patience);
    }
    while (viewer_.sendings() < most_sendings) {
        viewer_.send_times(viewer_.sendings() + 1);
        viewer_.show(reference_, patience);
        if (sees_reference(patience)) {
            return true;
        }
    }
    viewer_.send_times(1);
    return false;
}

void OpticalRig::measure(const Part& part, const QueryContext& context, const Patience& patience) {
    for (unsigned again = 0;; ++again) {
        capture_all(part, context, patience);
        const bool agree = !settings_.twice || !in_step() || captures_again(part, patience);
        if (in_step()) {
            require_brightness();
            if (agree) {
                hand_over(context);
                return;
            }
        }
        out_of_step_ += part.x.samples();
        const bool was_in_step = in_step();
        if (again < settings_.retakes && (was_in_step || step_in(patience))) {
            continue;
        }
        if (was_in_step) {
            throw Error(Code::unavailable,
                        "two captures of a picture do not agree, again and again: the display or "
                        "the camera falls out of step, or the medium moves");
        }
        throw Error(Code::unavailable,
                    fmt::format("the speckle of the reference correlates by {:.2f} with that of "
                                "the calibration, and reference_least is {:g}: the display is "
                                "out of step with the camera, or what the light goes through "
                                "moved; if that stays, calibrate anew",
                                likeness_, settings_.reference_least));
    }
}

std::unique_ptr<InstrumentRig> make(const google::protobuf::Message& options,
                                    const InstrumentRigSite& site) {
    const auto& given = dynamic_cast<const v1::OpticalInstrumentsOptions&>(options);
    auto slm = site.shelf.slm("slm", given.slm());
    auto camera = site.shelf.camera("camera", given.camera());
    return std::make_unique<OpticalRig>(optical_settings(given), std::move(slm), std::move(camera),
                                        site.clock);
}

} // namespace

InstrumentRigKind optical_instruments_kind() {
    return {.name = "optical-instruments",
            .about = "a display in the light before a scattering medium, and a camera behind it",
            .simulated_by = "optical",
            .new_options = [] { return std::make_unique<v1::OpticalInstrumentsOptions>(); },
            .make = make};
}

} // namespace phyll::rigs
