#include "daemon/rig/rig_thread.hpp"

#include "daemon/rig/either_stop.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/guard.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>
#include <memory>
#include <utility>

namespace phyll::rig {
namespace {

/// Responses to one block are kept as a whole: no more of them than fit in a frame of the wire.
constexpr std::size_t most_values = std::size_t{64} << 20U;

void put_back_or_say(Device& device, Device::Watch& watch) {
    try {
        device.put_back(watch);
    } catch (const Error& error) {
        spdlog::error("rig {} stays displaced: {}", in_quotes(device.name()), error.what());
    }
}

} // namespace

void check_block(const LayerSpec& spec, ConstBlock stimuli) {
    check_stimuli(spec, stimuli);
    const std::size_t most = most_values / std::max<std::size_t>(spec.n_out(), 1);
    if (stimuli.samples() > most) {
        throw invalid_field("stimuli",
                            fmt::format("{} samples in one query; at most {} fit, since {} "
                                        "responses come back for each",
                                        stimuli.samples(), most, spec.n_out()));
    }
}

RigThread::RigThread(std::string name, Maker make, const Clock& clock, std::uint64_t age,
                     RigPatience patience, Device::Observe observe)
    : device_(std::make_shared<Device>(std::move(name), clock, age, patience, std::move(observe))),
      thread_(
          clock, patience.grace, [device = device_](auto& watch) { device->end(watch); },
          [device = device_](const std::string& how) { return device->lose(how); }) {
    thread_.post_and_wait(
        [device = device_, make = std::move(make)](auto& watch) { device->build(watch, make); });
}

RigThread::~RigThread() {
    close();
}

bool RigThread::close() {
    device_->close();
    thread_.hasten();
    const bool whole = thread_.close();
    device_->await_rescue();
    return whole;
}

void RigThread::measure(std::shared_ptr<Measurement> measurement, std::function<void()> done) {
    const auto query = std::make_shared<DeviceQuery>();
    query->stimuli = std::move(measurement->stimuli);
    query->context = measurement->context;
    query->context.raw = nullptr;
    if (measurement->wants_times) {
        query->times.resize(query->stimuli.samples());
    }
    thread_.post({.work =
                      [device = device_, query](auto& watch) {
                          check_block(device->spec(), query->stimuli.view());
                          query->responses =
                              OwnedBlock(device->spec().n_out(), query->stimuli.samples());
                          query->context.age = device->status().age;
                          device->measure(watch, *query);
                      },
                  .done =
                      [query, m = std::move(measurement),
                       then = std::move(done)](std::exception_ptr failure) {
                          if (failure) {
                              m->failure =
                                  std::move(failure); // and the query may still be a driver's
                          } else {
                              m->stimuli = std::move(query->stimuli);
                              m->responses = std::move(query->responses);
                              m->context.age = query->context.age;
                              m->seconds = query->seconds;
                              m->times = std::move(query->times);
                          }
                          then();
                      }});
}

void RigThread::query(ConstBlock x, Block y, const QueryContext& context) {
    const auto query = std::make_shared<DeviceQuery>();
    OwnedBlock stimuli(x.channels(), x.samples());
    std::ranges::copy(x.values(), stimuli.view().data());
    query->stimuli = std::move(stimuli);
    query->responses = OwnedBlock(y.channels(), y.samples());
    query->context = context;
    query->context.times = {};
    query->context.raw = nullptr; // the driver may go on when the caller's is gone
    if (context.raw != nullptr) {
        query->raw = RawSamples(*context.raw, x.samples());
    }
    query->times.resize(context.times.size());
    thread_.post_and_wait(
        [device = device_, query](auto& watch) { device->measure(watch, *query); });
    std::ranges::copy(query->responses.view().values(), y.data());
    std::ranges::copy(query->times, context.times.begin());
    if (context.raw != nullptr) {
        query->raw.hand_over(*context.raw);
    }
}

void RigThread::make_safe(Seconds pause, std::function<void(const SafeState&)> done) {
    make_safe(pause, false, std::move(done));
}

void RigThread::hand_back(Seconds pause, std::function<void(const SafeState&)> done) {
    make_safe(pause, true, std::move(done));
}

void RigThread::make_safe(Seconds pause, bool put_back,
                          std::function<void(const SafeState&)> done) {
    const auto state = std::make_shared<SafeState>();
    thread_.post(
        {.work =
             [device = device_, state, pause, put_back](auto& watch) {
                 *state =
                     device->pause(pause) ? device->make_safe(watch) : device->status().safe_state;
                 if (put_back) {
                     put_back_or_say(*device, watch);
                 }
             },
         .done =
             [device = device_, state, then = std::move(done)](const std::exception_ptr& failure) {
                 then(failure ? device->status().safe_state : *state);
             }});
}

void RigThread::recover(const Deadline& deadline, std::stop_token stop) {
    thread_.post_and_wait([device = device_, deadline, token = std::move(stop)](auto& watch) {
        device->recover(watch, deadline, token);
    });
}

void RigThread::simulate(std::function<void(SimulationControls&)> what,
                         std::function<void(std::exception_ptr)> done) {
    thread_.post({.work = [device = device_,
                           task = std::move(what)](auto& watch) { device->simulate(watch, task); },
                  .done = std::move(done)});
}

void RigThread::use_instruments(const char* what, std::stop_token stop, Device::UseInstruments use,
                                std::function<void(std::exception_ptr)> done) {
    thread_.post({.work = [device = device_, what, token = std::move(stop), use = std::move(use)](
                              auto& watch) { device->use_instruments(watch, what, token, use); },
                  .done = std::move(done)});
}

// Whether the lease is over is asked on the rig's thread: what ends one has the rig handed back
// there after it, and what comes later still would befall somebody else.
void RigThread::displace(double fraction, const std::stop_token& over) {
    thread_.post_and_wait([device = device_, fraction, over](auto& watch) {
        if (!over.stop_requested()) {
            device->displace(watch, fraction);
        }
    });
}

void RigThread::put_back(const std::stop_token& over) {
    thread_.post_and_wait([device = device_, over](auto& watch) {
        if (!over.stop_requested()) {
            device->put_back(watch);
        }
    });
}

void RigThread::abort() {
    device_->abort();
    thread_.hasten();
}

template <class Work>
void LeasedRig::while_leased(std::stop_token stop, Work&& work) const {
    const EitherStop either(std::move(stop), over_);
    try {
        work(either.token());
    } catch (const Error& error) {
        if (over_.stop_requested()) {
            throw Error(Code::aborted, fmt::format("the lease on rig '{}' is over", rig_.name()));
        }
        throw error_of(fmt::format("rig '{}'", rig_.name()), error);
    }
}

void LeasedRig::query(ConstBlock x, Block y, const QueryContext& context) {
    while_leased(context.stop, [&](std::stop_token stop) {
        QueryContext leased = context;
        leased.stop = std::move(stop);
        rig_.query(x, y, leased);
    });
}

SafeState LeasedRig::make_safe() noexcept {
    if (over_.stop_requested()) {
        return rig_.status().safe_state;
    }
    // Shared: the waiter may be through before the other thread has let go of it.
    const auto done = std::make_shared<std::promise<SafeState>>();
    std::future<SafeState> state = done->get_future();
    rig_.make_safe([done](const SafeState& known) { done->set_value(known); });
    return state.get();
}

void LeasedRig::recover(const Deadline& deadline, std::stop_token stop) {
    while_leased(std::move(stop), [&](std::stop_token either) { rig_.recover(deadline, either); });
}

void LeasedRig::displace(double fraction) {
    if (!over_.stop_requested()) {
        rig_.displace(fraction, over_);
    }
}

void LeasedRig::put_back() {
    if (!over_.stop_requested()) {
        rig_.put_back(over_);
    }
}

} // namespace phyll::rig
