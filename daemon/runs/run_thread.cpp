#include "daemon/runs/run_thread.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

namespace phyll::runs {
namespace {

Outcome outcome_of(const Error& error, const std::stop_token& stop) {
    const bool stopped = error.code() == Code::cancelled && stop.stop_requested();
    const v1::RunState state = stopped                         ? v1::RUN_CANCELLED
                               : error.code() == Code::aborted ? v1::HELD
                                                               : v1::FAILED;
    return {state, error.what(), {}};
}

void add_reason(Outcome& outcome, const std::string& reason) {
    outcome.reason += (outcome.reason.empty() ? "" : "; ") + reason;
}

void put_back(rig::RigThread& rig, double perturbation, Outcome& outcome) {
    try {
        rig.perturb(perturbation);
    } catch (const Error& error) {
        add_reason(outcome, fmt::format("rig {} stays displaced: {}", rig.name(), error.what()));
    }
}

} // namespace

RunThread::RunThread(RunOrder order, const RunSite& site)
    : order_(std::move(order)),
      site_(site),
      thread_([this](const std::stop_token& stop) { work(stop); }) {}

void RunThread::work(const std::stop_token& stop) {
    std::map<rig::RigThread*, double> before; // of the rigs that the run displaces
    for (const v1::PerturbSpec& perturb : order_.spec.perturb()) {
        if (const auto found = order_.rigs.find(perturb.rig()); found != order_.rigs.end()) {
            before[found->second] = found->second->perturbation();
        }
    }
    Outcome outcome;
    try {
        outcome = {v1::SUCCEEDED, {}, Attempt(order_, site_, stop).run()};
    } catch (const Error& error) {
        outcome = outcome_of(error, stop);
    } catch (const std::exception& error) {
        outcome = {v1::FAILED, fmt::format("failed inside phylld: {}", error.what()), {}};
    }
    // Whoever learns that the run is over finds the rigs as they were, and safe.
    for (const auto& [thread, fraction] : before) {
        put_back(*thread, fraction, outcome);
    }
    for (const auto& [name, thread] : order_.rigs) {
        const SafeState safe = rig::LeasedRig(*thread, order_.over).make_safe();
        if (safe.state != SafeState::State::safe) {
            add_reason(outcome, fmt::format("rig {} may not be safe: {}", name, safe.reason));
        }
    }
    site_.finished(order_.run, outcome);
}

} // namespace phyll::runs
