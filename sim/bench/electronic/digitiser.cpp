#include "sim/bench/electronic/digitiser.hpp"

#include <utility>

namespace phyll::bench {
namespace {

/// V of the pulse at the external trigger input.
constexpr double pulse = 3.3;

} // namespace

Digitiser::Digitiser(std::string identity, ErrorQueue::Sign sign, Loop& loop, const Site& site,
                     DigitiserNature nature)
    : ScpiInstrument(std::move(identity), sign),
      loop_(loop),
      activity_(*site.activity),
      misbehaviour_(*site.misbehaviour),
      nature_(nature),
      random_(nature.seed, "digitiser noise") {}

void Digitiser::power_on() {
    stop();
    record_.reset();
    clear_events();
    ScpiInstrument::power_on();
}

void Digitiser::arm(bool once) {
    ++arming_;
    once_ = once;
    state_ = State::waiting;
    armed_event_ = true;
}

void Digitiser::stop() {
    ++arming_;
    state_ = State::stopped;
}

std::optional<double> Digitiser::trigger_time(const Burst& burst, Signals& signals) const {
    const Trigger& trigger = settings_.trigger;
    const auto slope = static_cast<Slope>(trigger.slope);
    if (trigger.source != external) {
        const double probe = settings_.channel[trigger.source - 1].probe;
        return signals.crossing(trigger.source, trigger.level / probe, slope);
    }
    const bool seen = burst.trigger_output && trigger.level >= 0 && trigger.level < pulse &&
                      (slope == Slope::either || slope == *burst.trigger_output);
    return seen ? std::optional(0.0) : std::nullopt;
}

void Digitiser::played(const Burst& burst,
                       const std::function<std::shared_ptr<Signals>()>& make_signals) {
    if (state_ != State::waiting) {
        return;
    }
    std::shared_ptr<Signals> signals = make_signals();
    std::optional<double> time;
    try {
        time = trigger_time(burst, *signals);
    } catch (const Error& error) {
        report(ScpiError(scpi_number::system, error.what()));
    }
    if (!time) {
        return;
    }
    const std::vector<Misbehave> faults = misbehaviour_.next(Occasion::trigger);
    if (contains(faults, Fault::missed_trigger)) {
        return;
    }
    ++triggers_;
    trigger_event_ = true;
    state_ = State::capturing;
    std::optional<Record> taken;
    if (!contains(faults, Fault::stale)) {
        taken = Record{std::move(signals), *time, ++captures_, settings_};
    }
    activity_.begin();
    loop_.after(nature_.record_time, [this, arming = arming_, taken = std::move(taken)] {
        activity_.end();
        if (arming == arming_) {
            captured(taken);
        }
    });
}

void Digitiser::captured(std::optional<Record> record) {
    if (record) {
        record_ = std::move(record);
    }
    state_ = once_ ? State::stopped : State::waiting;
}

const Digitiser::Record& Digitiser::record() const {
    if (!record_) {
        throw ScpiError(scpi_number::stale);
    }
    return *record_;
}

double Digitiser::measured(unsigned channel, std::size_t point, std::size_t points) const {
    const Record& record = this->record();
    const Window& window = record.settings.window;
    const double time = record.trigger_time + window.start +
                        window.duration * static_cast<double>(point) / static_cast<double>(points);
    double volts = 0.0;
    try {
        volts = record.signals->volts(channel, time);
    } catch (const Error& error) {
        throw ScpiError(scpi_number::system, error.what());
    }
    if (nature_.noise > 0) {
        volts += nature_.noise * random_.normal(record.capture * channels + channel - 1, point);
    }
    return volts * record.settings.channel[channel - 1].probe;
}

} // namespace phyll::bench
