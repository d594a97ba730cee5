#include "daemon/rig/device.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/query_part.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace phyll::rig {
namespace {

constexpr double times_nominal = 4.0;
/// What a calibration may take beside the rig's own patience.
constexpr Seconds calibration_time{600};

std::string_view evidence_in_words(Evidence evidence) {
    switch (evidence) {
    case Evidence::simulation:
        return "a simulation";
    case Evidence::virtual_instruments:
        return "made of virtual instruments";
    case Evidence::replay_twin:
        return "the twin of a recording";
    case Evidence::replay:
        return "a recording";
    case Evidence::hardware:
        return "made of instruments";
    }
    return "of an unknown kind";
}

Code code_of(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const Error& error) {
        return error.code();
    } catch (...) {
        return Code::internal;
    }
}

std::vector<InstrumentView> views_of(const std::vector<instruments::Instrument*>& instruments) {
    std::vector<InstrumentView> views;
    views.reserve(instruments.size());
    for (const instruments::Instrument* instrument : instruments) {
        views.push_back({instrument->name(), instrument->status(), instrument->log()});
    }
    return views;
}

} // namespace

Device::Device(std::string name, const Clock& clock, std::uint64_t age, RigPatience patience,
               Observe observe)
    : name_(std::move(name)), clock_(clock), patience_(patience), observe_(std::move(observe)) {
    status_.age = age;
}

void Device::build(Watch& watch, Maker make) {
    make_ = std::move(make);
    MadeRig made = make_();
    layer_ = std::move(made.layer);
    controls_ = std::move(made.controls);
    instruments_ = made.instruments;
    note_instruments(instruments_);
    static_cast<void>(make_safe(watch));
    note_spec();
    note_simulation();
}

std::stop_source Device::begin_to_drive(std::uint64_t samples) {
    std::stop_source stop;
    const std::lock_guard lock(mutex_);
    query_stop_ = stop;
    if (closing_) {
        stop.request_stop();
    }
    status_.driven = true;
    // A sample counts when it is asked for: an aborted block may have aged the device.
    status_.age += samples;
    return stop;
}

void Device::measure(Watch& watch, DeviceQuery& query) {
    const Clock::Monotonic start = clock_.now();
    const std::size_t samples = query.stimuli.samples();
    QueryContext context = query.context;
    throw_if_over(context, clock_); // a query that is not begun drives nothing
    std::stop_source stop = begin_to_drive(samples);
    const std::stop_callback forward(query.context.stop, [&] {
        stop.request_stop();
        watch.hasten();
    });
    context.stop = stop.get_token();
    if (query.raw.wants_any()) {
        context.raw = &query.raw;
    }
    try {
        throw_if_over(context, clock_);
        std::size_t first = 0;
        do { // once for an empty block too: the guard says what is wrong with it
            const std::size_t count = std::min(samples - first, spec().max_batch);
            measure_part(watch, query, context, first, count);
            first += count;
        } while (first < samples);
    } catch (...) {
        watch.done();
        note_health();
        note_end({.code = code_of(std::current_exception())}, start);
        throw;
    }
    watch.done();
    note_health();
    query.seconds = Seconds(clock_.now() - start).count();
    note_end({.samples = samples}, start);
}

void Device::measure_part(Watch& watch, DeviceQuery& query, const QueryContext& context,
                          std::size_t first, std::size_t count) {
    const Seconds nominal(spec().seconds_per_sample * static_cast<double>(count));
    QueryPart of_block(context, first, count);
    QueryContext& part = of_block.context();
    part.times = query.times;
    if (query.times.size() == query.stimuli.samples()) { // else the guard says what is wrong
        part.times = part.times.subspan(first, count);
    }
    part.deadline = begin(watch, "a query", nominal, context.deadline);
    if (part.stop.stop_requested()) {
        watch.hasten(); // it was requested before there was anything to hasten
    }
    try {
        layer_->query(query.stimuli.view().slice(first, count),
                      query.responses.view().slice(first, count), part);
    } catch (const Error& error) {
        if (error.code() == Code::deadline_exceeded && !context.deadline.passed(clock_)) {
            throw Error(Code::unavailable,
                        fmt::format("the query did not end within {:g} s; a rig that is only slow "
                                    "needs a larger query_timeout",
                                    (patience_.query_timeout + times_nominal * nominal).count()));
        }
        throw;
    }
}

SafeState Device::make_safe(Watch& watch) {
    static_cast<void>(begin(watch, "making safe", Seconds(0), Deadline::never(), false));
    const SafeState state = layer_->make_safe();
    watch.done();
    const std::lock_guard lock(mutex_);
    if (!lost_) {
        status_.safe_state = state;
        status_.driven = state.state != SafeState::State::safe;
    }
    return state;
}

bool Device::pause(Seconds duration) const {
    return duration.count() <= 0 ||
           clock_.wait_for(duration, closing_stop_.get_token()) == Clock::Wake::reached;
}

void Device::recover(Watch& watch, const Deadline& deadline, const std::stop_token& stop) {
    if (stop.stop_requested()) {
        throw Error(Code::cancelled, "the recovery was stopped before it began");
    }
    const Deadline end = begin(watch, "a recovery", Seconds(0), deadline);
    const std::stop_callback hasten(stop, [&] { watch.hasten(); });
    layer_->recover(end, stop);
    watch.done();
    note_health();
}

void Device::simulate(Watch&, const std::function<void(SimulationControls&)>& what) {
    if (!controls_) {
        throw Error(Code::failed_precondition,
                    fmt::format("{} is {}; only simulated rigs can be displaced or made to fail",
                                name_, evidence_in_words(spec().evidence)));
    }
    what(*controls_);
    note_simulation();
}

void Device::displace(Watch& watch, double fraction) {
    simulate(watch, [&](SimulationControls& controls) {
        const double before = controls.perturbation();
        controls.perturb(fraction);
        if (!undisplaced_) {
            undisplaced_ = before;
        }
    });
}

void Device::put_back(Watch& watch) {
    if (const std::optional<double> before = std::exchange(undisplaced_, std::nullopt)) {
        simulate(watch, [&](SimulationControls& controls) { controls.perturb(*before); });
    }
}

void Device::use_instruments(Watch& watch, const char* what, const std::stop_token& stop,
                             const UseInstruments& use) {
    if (instruments_ == nullptr) {
        throw Error(Code::failed_precondition,
                    fmt::format("{} is {}: it is not made of instruments, as it takes for {}",
                                name_, evidence_in_words(spec().evidence), what));
    }
    if (stop.stop_requested()) {
        throw Error(Code::cancelled, fmt::format("{} was stopped before it began", what));
    }
    std::stop_source stopped = begin_to_drive(0);
    const Deadline end = Deadline::after(clock_, calibration_time + patience_.query_timeout);
    watch.begin(what, end.at());
    const std::stop_callback forward(stop, [&] {
        stopped.request_stop();
        watch.hasten();
    });
    const auto finish = [&] {
        watch.done();
        static_cast<void>(make_safe(watch));
        note_health();
    };
    try {
        use(*instruments_, {.deadline = end, .stop = stopped.get_token()});
    } catch (...) {
        finish();
        throw;
    }
    finish();
}

void Device::end(Watch& watch) {
    if (!layer_) {
        return;
    }
    static_cast<void>(make_safe(watch));
    static_cast<void>(begin(watch, "its end", Seconds(0), Deadline::never(), false));
    note_instruments(nullptr);
    controls_.reset();
    layer_.reset();
    watch.done();
}

void Device::abort() {
    const std::lock_guard lock(mutex_);
    query_stop_.request_stop();
}

void Device::close() {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    closing_stop_.request_stop();
    query_stop_.request_stop();
}

Error Device::lose(const std::string& how) {
    const std::string reason = fmt::format("its driver {}; restart phylld", how);
    spdlog::error("rig {} cannot be used: {}", in_quotes(name_), reason);
    const std::lock_guard lock(mutex_);
    for (instruments::Instrument* instrument : parts_) {
        instrument->shut();
    }
    lost_ = true;
    status_.health = {.state = Health::State::fault, .reason = reason};
    status_.safe_state = {.state = SafeState::State::unknown, .reason = reason};
    status_.driven = true;
    if (calibration_) {
        rescue_ = std::make_unique<WatchedThread>(
            clock_, patience_.grace, [](Watch&) {},
            [self = shared_from_this()](const std::string& stuck) {
                const std::string why = fmt::format("a fresh driver {}, too", stuck);
                self->note_rescue({.state = SafeState::State::unknown, .reason = why}, {});
                return Error(Code::unavailable, why);
            });
        rescue_->post({.work = [self = shared_from_this()](Watch& watch) { self->rescue(watch); },
                       .done = [](const std::exception_ptr&) {}});
    }
    return {Code::unavailable, reason};
}

void Device::rescue(Watch& watch) {
    static_cast<void>(begin(watch, "making safe", Seconds(0), Deadline::never(), false));
    SafeState state;
    std::vector<InstrumentView> instruments;
    try {
        const MadeRig made = make_();
        state = made.layer->make_safe();
        instruments = views_of(made.instruments->instruments());
    } catch (const std::exception& error) {
        state = {.state = SafeState::State::unknown,
                 .reason = fmt::format("a fresh driver could not be made: {}", error.what())};
    }
    watch.done();
    for (InstrumentView& instrument : instruments) {
        instrument.status.connected = false;
        instrument.status.reason = "the driver of its rig was given up";
    }
    note_rescue(state, std::move(instruments));
}

void Device::note_rescue(const SafeState& state, std::vector<InstrumentView> instruments) {
    const bool safe = state.state == SafeState::State::safe;
    if (safe) {
        spdlog::warn("rig {} was made safe by a fresh driver", in_quotes(name_));
    } else {
        spdlog::error("rig {} is not known to be safe: {}", in_quotes(name_), state.reason);
    }
    const std::lock_guard lock(mutex_);
    status_.safe_state = state;
    status_.driven = !safe;
    rescued_ = std::move(instruments);
}

void Device::await_rescue() {
    std::unique_ptr<WatchedThread> rescue;
    {
        const std::lock_guard lock(mutex_);
        rescue = std::move(rescue_);
    }
    if (rescue) {
        static_cast<void>(rescue->close());
    }
}

std::vector<InstrumentView> Device::instruments() const {
    const std::lock_guard lock(mutex_);
    return !rescued_.empty() ? rescued_ : !parts_.empty() ? views_of(parts_) : ended_;
}

std::shared_ptr<const CalibrationBook> Device::calibration() const {
    const std::lock_guard lock(mutex_);
    return calibration_;
}

RigStatus Device::status() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

Deadline Device::begin(Watch& watch, const char* what, Seconds nominal, const Deadline& deadline,
                       bool can_be_hastened) const {
    const Deadline own = Deadline::after(clock_, patience_.query_timeout + times_nominal * nominal);
    const Deadline earlier(std::min(own.at(), deadline.at()));
    watch.begin(what, earlier.at(), can_be_hastened);
    return earlier;
}

void Device::note_instruments(InstrumentControls* controls) {
    const std::lock_guard lock(mutex_);
    ended_ = views_of(parts_);
    parts_ =
        controls != nullptr ? controls->instruments() : std::vector<instruments::Instrument*>();
    if (controls != nullptr) {
        calibration_ = controls->calibration();
    }
}

void Device::note_spec() {
    const LayerSpec& now = layer_->spec();
    if (specs_.empty() || specs_.back().evidence_of != now.evidence_of ||
        specs_.back().seconds_per_sample != now.seconds_per_sample) {
        specs_.push_back(now);
        spec_ = &specs_.back();
    }
}

void Device::note_health() {
    note_spec();
    Health health = layer_->health();
    const std::lock_guard lock(mutex_);
    if (!lost_) {
        status_.health = std::move(health);
    }
}

void Device::note_end(QueryEnd end, Clock::Monotonic begun) {
    {
        const std::lock_guard lock(mutex_);
        if (lost_ || !observe_) {
            return;
        }
    }
    end.seconds = Seconds(clock_.now() - begun).count();
    observe_(end);
}

void Device::note_simulation() {
    if (controls_) {
        perturbation_ = controls_->perturbation();
    }
    note_health();
}

} // namespace phyll::rig
