#include "daemon/runs/run_thread.hpp"

#include "daemon/rig/either_stop.hpp"
#include "daemon/runs/clients/client_attempt.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <utility>

namespace phyll::runs {
namespace {

v1::RunState state_after(const Error& error, bool stopped, bool paused) {
    if (error.code() == Code::cancelled && stopped) {
        return v1::RUN_CANCELLED;
    }
    if (error.code() == Code::cancelled && paused) {
        return v1::PAUSED;
    }
    return error.code() == Code::aborted ? v1::HELD : v1::FAILED;
}

void add_reason(Outcome& outcome, const std::string& reason) {
    outcome.reason += (outcome.reason.empty() ? "" : "; ") + reason;
}

} // namespace

RunThread::RunThread(RunOrder order, const RunSite& site)
    : order_(std::move(order)),
      site_(site),
      thread_([this](const std::stop_token& stop) { work(stop); }) {}

void RunThread::work(const std::stop_token& stop) {
    const rig::EitherStop ends(stop, order_.over);
    Outcome outcome;
    try {
        outcome = {v1::SUCCEEDED, {}, attempt(ends.token())};
    } catch (const Error& error) {
        outcome.state = state_after(error, ends.token().stop_requested(), pause_.stop_requested());
        const bool asked_for = outcome.state == v1::PAUSED || outcome.state == v1::RUN_CANCELLED;
        outcome.reason = asked_for ? "" : error.what();
    } catch (const std::exception& error) {
        outcome = {v1::FAILED, fmt::format("failed inside phylld: {}", error.what()), {}};
    }
    // Whoever learns that the run is over finds the rigs as they were, and safe.
    put_rigs_back(outcome);
    leave_rigs(outcome);
    site_.finished(order_.run, outcome);
}

v1::RunResult RunThread::attempt(const std::stop_token& stop) const {
    const std::stop_token pause = pause_.get_token();
    return order_.client ? ClientAttempt(order_, site_, *order_.client, stop, pause).run()
                         : Attempt(order_, site_, stop, pause).run();
}

void RunThread::put_rigs_back(Outcome& outcome) const {
    for (const v1::PerturbSpec& perturb : order_.spec.perturb()) {
        const auto found = order_.rigs.find(perturb.rig());
        if (found == order_.rigs.end()) {
            continue; // a replay displaces nothing
        }
        try {
            rig::LeasedRig(*found->second, order_.over).put_back();
        } catch (const Error& error) {
            add_reason(outcome,
                       fmt::format("rig {} stays displaced: {}", perturb.rig(), error.what()));
        }
    }
}

void RunThread::leave_rigs(Outcome& outcome) const {
    for (const auto& [name, thread] : order_.rigs) {
        const SafeState safe = rig::LeasedRig(*thread, order_.over).make_safe();
        // After the lease others make it safe, and may not be through with it.
        if (safe.state != SafeState::State::safe && !order_.over.stop_requested()) {
            add_reason(outcome, fmt::format("rig {} may not be safe: {}", name, safe.reason));
        }
    }
}

} // namespace phyll::runs
