#include "daemon/rig/rig_thread.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/guard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <future>
#include <string_view>
#include <utility>

namespace phyll::rig {
namespace {

/// Responses to one block are kept as a whole: no more of them than fit in a frame of the wire.
constexpr std::size_t most_values = std::size_t{64} << 20U;

/// Refuses a block as a whole, before the first of its batches is measured, and before room is made
/// for the responses: a block of many samples without values asks for more than there is.
void check(const LayerSpec& spec, ConstBlock stimuli) {
    check_stimuli(spec, stimuli);
    const std::size_t most = most_values / std::max<std::size_t>(spec.n_out(), 1);
    if (stimuli.samples() > most) {
        throw invalid_field("stimuli",
                            fmt::format("{} samples in one query; at most {} fit, since {} "
                                        "responses come back for each",
                                        stimuli.samples(), most, spec.n_out()));
    }
}

std::string_view in_words(Evidence evidence) {
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

} // namespace

RigThread::RigThread(std::string name, Maker make, const Clock& clock, std::uint64_t age)
    : name_(std::move(name)), clock_(clock) {
    status_.age = age;
    std::promise<void> built;
    std::future<void> ready = built.get_future();
    thread_ = std::thread([this, &built, make = std::move(make)] {
        try {
            build(make);
        } catch (...) {
            built.set_exception(std::current_exception());
            return;
        }
        built.set_value();
        serve();
    });
    try {
        ready.get();
    } catch (...) {
        thread_.join();
        throw;
    }
}

RigThread::~RigThread() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
        query_stop_.request_stop();
    }
    wake_.notify_all();
    thread_.join();
}

RigStatus RigThread::status() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

void RigThread::measure(std::shared_ptr<Measurement> measurement, std::function<void()> done) {
    post([this, m = std::move(measurement), done = std::move(done)] {
        const Clock::Monotonic start = clock_.now();
        try {
            check(*spec_, std::as_const(m->stimuli).view());
            m->responses = OwnedBlock(spec_->n_out(), m->stimuli.samples());
            m->context.age = status().age;
            drive(std::as_const(m->stimuli).view(), m->responses.view(), m->context);
        } catch (...) {
            m->failure = std::current_exception();
        }
        m->seconds = Seconds(clock_.now() - start).count();
        done();
    });
}

void RigThread::query(ConstBlock x, Block y, const QueryContext& context) {
    post_and_wait([&] { drive(x, y, context); });
}

void RigThread::make_safe(std::function<void(const SafeState&)> done) {
    post([this, done = std::move(done)] {
        const SafeState state = rig_->make_safe();
        {
            const std::lock_guard lock(mutex_);
            status_.safe_state = state;
            status_.driven = state.state != SafeState::State::safe;
        }
        done(state);
    });
}

void RigThread::recover(const Deadline& deadline, std::stop_token stop) {
    post_and_wait([&] {
        rig_->recover(deadline, stop);
        note_health();
    });
}

void RigThread::simulate(std::function<void(SimulationControls&)> what,
                         std::function<void(std::exception_ptr)> done) {
    post([this, what = std::move(what), done = std::move(done)] {
        std::exception_ptr failure;
        try {
            if (!controls_) {
                throw Error(Code::failed_precondition,
                            fmt::format("{} is {}; only simulated rigs can be displaced or made to "
                                        "fail",
                                        name_, in_words(spec_->evidence)));
            }
            what(*controls_);
        } catch (...) {
            failure = std::current_exception();
        }
        note_simulation();
        done(std::move(failure));
    });
}

double RigThread::perturb(double fraction) {
    double amount = 0.0;
    std::exception_ptr failure;
    std::promise<void> done;
    simulate([&](SimulationControls& controls) { amount = controls.perturb(fraction); },
             [&](std::exception_ptr thrown) {
                 failure = std::move(thrown);
                 done.set_value();
             });
    done.get_future().get();
    if (failure) {
        std::rethrow_exception(std::move(failure));
    }
    return amount;
}

void RigThread::abort() {
    const std::lock_guard lock(mutex_);
    query_stop_.request_stop();
}

void RigThread::build(const Maker& make) {
    MadeRig made = make();
    rig_ = std::move(made.layer);
    controls_ = std::move(made.controls);
    spec_ = &rig_->spec();
    status_.safe_state = rig_->make_safe();
    note_simulation();
}

void RigThread::serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [&] { return closing_ || !tasks_.empty(); });
        if (tasks_.empty()) {
            break;
        }
        const Task task = std::move(tasks_.front());
        tasks_.pop_front();
        lock.unlock();
        task();
        lock.lock();
    }
    lock.unlock();
    static_cast<void>(rig_->make_safe());
    controls_.reset();
    rig_.reset();
}

void RigThread::post(Task task) {
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
    }
    wake_.notify_all();
}

void RigThread::post_and_wait(Task task) {
    std::exception_ptr failure;
    std::promise<void> done;
    post([&] {
        try {
            task();
        } catch (...) {
            failure = std::current_exception();
        }
        // Only now, when this thread has let go of the exception: the caller alone ends its life.
        done.set_value();
    });
    done.get_future().get();
    if (failure) {
        std::rethrow_exception(std::move(failure));
    }
}

void RigThread::drive(ConstBlock x, Block y, QueryContext context) {
    const std::stop_token asked = context.stop;
    std::stop_source stop;
    {
        const std::lock_guard lock(mutex_);
        query_stop_ = stop;
        if (closing_) {
            stop.request_stop();
        }
        status_.driven = true;
        // A sample counts when it is asked for: an aborted block may have aged the device.
        status_.age += x.samples();
    }
    const std::stop_callback forward(asked, [&stop] { stop.request_stop(); });
    context.stop = stop.get_token();
    const std::span<SampleTime> times = context.times;
    try {
        throw_if_over(context, clock_);
        std::size_t first = 0;
        do { // once for an empty block too: the guard says what is wrong with it
            const std::size_t count = std::min(x.samples() - first, spec_->max_batch);
            if (times.size() == x.samples()) {
                context.times = times.subspan(first, count);
            }
            rig_->query(x.slice(first, count), y.slice(first, count), context);
            context.number += count;
            context.age += count;
            first += count;
        } while (first < x.samples());
    } catch (...) {
        note_health();
        throw;
    }
    note_health();
}

void RigThread::note_health() {
    Health health = rig_->health();
    const std::lock_guard lock(mutex_);
    status_.health = std::move(health);
}

void RigThread::note_simulation() {
    if (controls_) {
        perturbation_ = controls_->perturbation();
    }
    note_health();
}

void LeasedRig::query(ConstBlock x, Block y, const QueryContext& context) {
    try {
        rig_.query(x, y, context);
    } catch (const Error& error) {
        throw error_of(fmt::format("rig '{}'", rig_.name()), error);
    }
}

SafeState LeasedRig::make_safe() noexcept {
    std::promise<SafeState> done;
    rig_.make_safe([&](const SafeState& state) { done.set_value(state); });
    return done.get_future().get();
}

} // namespace phyll::rig
