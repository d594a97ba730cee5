#include "daemon/runs/measuring/asker.hpp"

#include "drivers/core/clock.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace phyll::runs {
namespace {

/// From the first sample's start to the last one's end.
SampleTime span_of(std::span<const SampleTime> times) {
    SampleTime span = times.front();
    for (const SampleTime& time : times) {
        span.start = std::min(span.start, time.start);
        span.end = std::max(span.end, time.end);
    }
    return span;
}

/// Room for what the query wants raw.
RawSamples raw_of(const Query& query) {
    if (query.keep_raw == 0) {
        return {};
    }
    std::vector<bool> wanted(query.samples());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        wanted[i] = (query.number + i) % query.keep_raw == 0;
    }
    return RawSamples(std::move(wanted));
}

/// Fills in what was kept raw, if there is room for it.
SampleTime ask_once(PhysicalLayer& layer, const Query& query, RawSamples& raw,
                    const std::stop_token& stop) {
    std::vector<SampleTime> times(query.samples());
    QueryContext context;
    context.key = query.key;
    context.number = query.number;
    context.age = query.age;
    context.stop = stop;
    context.times = times;
    context.raw = raw.wants_any() ? &raw : nullptr;
    context.check_settings = query.check_settings;
    layer.query(query.stimuli, query.responses, context);
    return span_of(times);
}

/// Adds what of its lifetime was only waited to `seconds`; without a clock nothing.
class Waiting {
  public:
    Waiting(const Clock* clock, const Meanwhile& meanwhile, double& seconds)
        : clock_(clock),
          meanwhile_(meanwhile),
          seconds_(seconds),
          since_(clock != nullptr ? clock->now() : Clock::Monotonic{}) {}
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() {
        if (clock_ != nullptr) {
            const Clock::Monotonic now = clock_->now();
            seconds_ += (meanwhile_.waited ? meanwhile_.waited(since_, now) : Seconds(now - since_))
                            .count();
        }
    }

  private:
    const Clock* clock_;
    const Meanwhile& meanwhile_;
    double& seconds_;
    Clock::Monotonic since_;
};

/// Counts how deep askings are in each other.
class Asking {
  public:
    explicit Asking(int& depth) : depth_(depth) { ++depth_; }
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;
    ~Asking() { --depth_; }

  private:
    int& depth_;
};

} // namespace

std::size_t Asker::recall(const Query& query, AskingTime& time) const {
    if (journal_ == nullptr) {
        return 0;
    }
    for (std::size_t i = 0; i < query.samples(); ++i) {
        const std::optional<double> took = journal_->recall(
            query.rig, query.purpose, query.number + i, query.hashes[i], query.responses.sample(i));
        if (!took) {
            return i;
        }
        time.busy += *took;
    }
    return query.samples();
}

void Asker::ask(PhysicalLayer& layer, Query& query, AskingTime& time, const std::stop_token& stop,
                const Meanwhile& meanwhile, const std::function<void()>& recovered) const {
    // A rig that is being recovered is not left in between.
    if (depth_ == 0 && pause_.stop_requested()) {
        throw Error(Code::cancelled, "the run is paused");
    }
    const Asking asking(depth_);
    std::optional<SampleTime> busy;
    RawSamples raw;
    bool held = depth_ > 1; // what is asked in between is a part of the hold
    while (!busy) {
        raw = journal_ == nullptr ? RawSamples() : raw_of(query);
        try {
            const Waiting waiting(held ? nullptr : clock_, meanwhile, time.waited);
            busy = ask_once(layer, query, raw, stop);
        } catch (const Error& error) {
            if (over_.stop_requested()) {
                throw Error(Code::cancelled, error.what()); // it says nothing about the rig
            }
            const bool changed = query.check_settings && error.code() == Code::aborted;
            if (trouble_ == nullptr || changed || !may_pass(error.code())) {
                throw;
            }
            if (stop.stop_requested()) {
                throw Error(Code::cancelled, error.what()); // however a driver puts it
            }
            held = true; // until it has answered
            if (meanwhile.before_trouble) {
                meanwhile.before_trouble();
            }
            trouble_->rig_failed(query.rig, layer, error, stop);
            recovered();
        }
    }
    time.busy += Seconds(busy->end - busy->start).count();
    keep(query, {&*busy, 1}, stop, meanwhile, raw.kept());
    // What is asked in between, to see whether a rig is well again, proves nothing of the query
    // that it failed at.
    if (trouble_ != nullptr && depth_ == 1) {
        trouble_->rig_worked(stop);
    }
}

void Asker::keep(const Query& query, std::span<const SampleTime> times, const std::stop_token& stop,
                 const Meanwhile& meanwhile, std::span<const RawSamples::Sample> raw) const {
    if (journal_ != nullptr) {
        persist(
            trouble_, stop, [&] { journal_->keep(query, times, stop, raw); },
            meanwhile.before_trouble);
    }
}

void Asker::mark(const journal::Mark& mark, const std::string& rig, const std::stop_token& stop,
                 const Meanwhile& meanwhile) const {
    if (journal_ != nullptr) {
        persist(trouble_, stop, [&] { journal_->mark(mark, rig, stop); }, meanwhile.before_trouble);
    }
}

} // namespace phyll::runs
