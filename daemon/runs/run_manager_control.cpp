// What happens to runs: their controls say what is to be done, and it is done here.

#include "daemon/runs/run_manager.hpp"
#include "daemon/runs/run_state.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace phyll::runs {
namespace {

using What = RunControl::Action::What;

/// A replay asks no rig.
std::set<std::string> rigs_to_lease(const RunRecord& record) {
    if (record.info.kind() == v1::CLIENT) {
        return {record.info.rigs().begin(), record.info.rigs().end()};
    }
    return record.info.replay_of() != 0 ? std::set<std::string>() : rigs_of(record.spec);
}

std::string holder_name(std::uint64_t run) {
    return fmt::format("run {}", run);
}

void log_change(std::uint64_t run, const RunControl::Action& action) {
    const std::string words = fmt::format("run {} is {}{}{}", run, name_of(action.state),
                                          action.text.empty() ? "" : ": ", action.text);
    action.state == v1::HELD ? spdlog::warn("{}", words) : spdlog::info("{}", words);
}

} // namespace

RunManager::Active::Active(const RunRecord& record)
    : control(record.info), rigs(rigs_to_lease(record)), priority(record.info.priority()) {}

// ---- What is asked

void RunManager::pause(std::uint64_t run, bool release, const std::string& by, PauseDone done) {
    Active& known = active(run);
    known.pausing.push_back(std::move(done));
    const std::size_t asking = known.pausing.size();
    try {
        tell(run, [&](RunControl& control) { return control.pause(release, by); });
    } catch (...) {
        if (const auto found = active_.find(run); found != active_.end()) {
            found->second.pausing.resize(asking - 1);
        }
        throw;
    }
}

void RunManager::resume(std::uint64_t run) {
    if (get(run).info.kind() == v1::CLIENT) {
        throw Error(
            Code::failed_precondition,
            fmt::format("run {} is its client's own: that goes on by opening it again", run));
    }
    tell(run, [](RunControl& control) { return control.resume(); });
}

void RunManager::cancel(std::uint64_t run) {
    tell(run, [](RunControl& control) { return control.cancel(); });
}

void RunManager::acknowledged(const std::string& rig) {
    std::vector<std::uint64_t> held;
    for (const auto& [run, known] : active_) {
        if (known.control.stopped() && known.rigs.contains(rig)) {
            held.push_back(run);
        }
    }
    for (const std::uint64_t run : held) {
        tell_or_drop(run, [](RunControl& control) { return control.acknowledged(); });
    }
}

void RunManager::stop(std::function<void()> done) {
    stopped_ = std::move(done);
    std::vector<std::uint64_t> runs;
    for (const auto& [run, known] : active_) {
        runs.push_back(run);
    }
    for (const std::uint64_t run : runs) {
        tell_or_drop(run, [](RunControl& control) { return control.daemon_stops(); });
    }
    say_when_stopped();
}

void RunManager::enqueue(std::uint64_t run) {
    tell_or_drop(run, [](RunControl& control) { return control.enqueue(); });
}

// ---- Doing it

RunManager::Active& RunManager::active(std::uint64_t run) {
    if (const auto found = active_.find(run); found != active_.end()) {
        return found->second;
    }
    const RunRecord record = get(run);
    if (record.info.kind() == v1::RECORDING) {
        throw Error(Code::failed_precondition,
                    fmt::format("run {} is a recording: it is over when its stream is", run));
    }
    return active_.try_emplace(run, record).first->second;
}

void RunManager::tell(std::uint64_t run, const Input& input) {
    Active& known = active(run);
    RunControl next = known.control;
    Actions actions;
    bool stored = false;
    try {
        actions = input(next);
        for (const RunControl::Action& action : actions) {
            stored = store_action(run, known, action) || stored;
        }
    } catch (...) {
        if (is_final(known.control.state())) {
            active_.erase(run);
        }
        throw;
    }
    known.control = next;
    for (const RunControl::Action& action : actions) {
        do_action(run, known, action);
    }
    if (is_final(next.state())) {
        active_.erase(run);
        ended(run);
    } else if (stored) {
        watches_.notify(run);
    }
}

void RunManager::tell_or_drop(std::uint64_t run, const Input& input) {
    try {
        tell(run, input);
    } catch (const Error& error) {
        spdlog::error("what happened to run {} could not be stored; it starts again when phylld "
                      "does: {}",
                      run, error.what());
        drop(run);
    }
}

void RunManager::drop(std::uint64_t run) {
    if (const auto found = active_.find(run); found != active_.end()) {
        end_lease(run, found->second);
        lab_.end(found->second.placeholder);
        answer_pause(found->second,
                     Error(Code::unavailable, fmt::format("run {} could not be stored", run)));
        active_.erase(found);
    }
}

bool RunManager::store_action(std::uint64_t run, const Active& known,
                              const RunControl::Action& action) {
    const double now = wall_seconds(clock_);
    switch (action.what) {
    case What::store_start:
        store_start(run);
        spdlog::info("run {} starts", run);
        return true;
    case What::store_interruption:
        store_.interrupted(run, "phylld was stopped", now);
        spdlog::info("run {} goes back to the queue", run);
        return true;
    case What::store:
        break;
    default:
        return false;
    }
    if (action.state == v1::PAUSED) {
        store_.pause(run, action.text, action.released, now);
    } else if (action.waits) {
        store_.wait_for_person(run, action.text, now, action.stopped);
    } else {
        store_.change_state(run, action.state, action.text, now,
                            action.state == v1::SUCCEEDED ? &known.result : nullptr);
    }
    log_change(run, action);
    return true;
}

void RunManager::do_action(std::uint64_t run, Active& known, const RunControl::Action& action) {
    switch (action.what) {
    case What::get_in_line:
        get_in_line(run, known, action.keep_place);
        break;
    case What::end_lease:
        end_lease(run, known);
        break;
    case What::start_thread:
        start_thread(run, known);
        break;
    case What::pause_thread:
        known.thread->pause();
        break;
    case What::stop_thread:
        known.thread->stop();
        break;
    case What::tell_paused:
        answer_pause(known, std::nullopt);
        break;
    case What::refuse_pause:
        answer_pause(known, Error(Code::failed_precondition, action.text));
        break;
    case What::store:
    case What::store_start:
    case What::store_interruption:
        break; // done before
    }
}

void RunManager::answer_pause(Active& known, const std::optional<Error>& refusal) {
    for (const PauseDone& done : std::exchange(known.pausing, {})) {
        done(refusal);
    }
}

// ---- Rigs

rig::LeaseEvents RunManager::lease_events(std::uint64_t run) {
    return {.granted = [this, run](const rig::Grant& grant) { granted(run, grant.over); },
            .lost = [this, run](rig::LeaseEnd how,
                                const std::string& why) { lease_lost(run, how, why); }};
}

void RunManager::lease_lost(std::uint64_t run, rig::LeaseEnd how, const std::string& why) {
    Active& known = active(run);
    known.lease = 0;
    const bool comes_back = how == rig::LeaseEnd::stopped || how == rig::LeaseEnd::disabled;
    if (comes_back && known.control.working() && !known.client) {
        // Its rigs may be given free, and be wanted by others, before the thread has ended.
        rig::LeaseTerms terms = terms_of(run, known, true);
        terms.placeholder = true;
        known.placeholder = lab_.wait_for(std::move(terms), {.granted = [](const auto&) {}});
    }
    tell_or_drop(run, [&](RunControl& control) { return control.lease_lost(how, why); });
}

rig::LeaseTerms RunManager::terms_of(std::uint64_t run, const Active& known, bool keep_place) {
    return {.rigs = known.rigs,
            .holder = holder_name(run),
            .priority = known.priority,
            .place = keep_place ? known.place : 0};
}

void RunManager::get_in_line(std::uint64_t run, Active& known, bool keep_place) {
    if (known.rigs.empty()) {
        processors_.wait_for(run, known.priority, [this, run] { granted(run, {}); });
        return;
    }
    // A paused run takes again what it had: nobody in line is before it.
    const bool paused = known.control.state() == v1::PAUSED;
    rig::LeaseTerms terms = terms_of(run, known, keep_place);
    if (paused) {
        terms.priority = std::numeric_limits<int>::max();
    }
    if (known.client) {
        terms.time_to_live = known.client->time_to_live;
        terms.token = known.client->token;
    }
    try {
        for (const std::string& name : known.rigs) {
            static_cast<void>(lab_.rig(name));
        }
        known.lease = paused ? lab_.take(std::move(terms), lease_events(run))
                             : lab_.wait_for(std::move(terms), lease_events(run));
        known.place = keep_place && known.place != 0 ? known.place : known.lease;
    } catch (const Error& error) {
        // Later: whoever called has something else to do for the run first.
        post_([this, run, paused, why = std::string(error.what())] {
            tell_or_drop(run, [&](RunControl& control) {
                return paused ? control.lease_lost(rig::LeaseEnd::broken, why)
                              : control.could_not_start(why);
            });
        });
    }
}

void RunManager::end_lease(std::uint64_t run, Active& known) {
    if (known.rigs.empty()) {
        processors_.end(run);
    } else if (known.lease != 0) {
        lab_.end(std::exchange(known.lease, 0));
    }
}

void RunManager::granted(std::uint64_t run, const std::stop_token& over) {
    active(run).over = over;
    try {
        tell(run, [](RunControl& control) { return control.granted(); });
    } catch (const Error& error) {
        tell_or_drop(run,
                     [&](RunControl& control) { return control.could_not_start(error.what()); });
    }
}

// ---- Threads

void RunManager::finished(std::uint64_t run, const Outcome& outcome) {
    Active& known = active(run);
    known.thread.reset();
    known.result = outcome.result;
    spent_.note(run, outcome.result); // nothing, where it did not succeed
    spent_.end(run);
    const rig::LeaseId placeholder = std::exchange(known.placeholder, 0);
    const auto desk = known.client ? known.client->desk : nullptr;
    tell_or_drop(run, [&](RunControl& control) {
        return control.attempt_ended(outcome.state, outcome.reason);
    });
    const auto after = active_.find(run);
    if (desk && (after == active_.end() || !after->second.control.working())) {
        leave_desk(run, *desk);
    }
    if (after != active_.end() && after->second.control.stopped() && !any_stopped(after->second)) {
        // They were acknowledged before its thread had ended.
        tell_or_drop(run, [](RunControl& control) { return control.acknowledged(); });
    }
    lab_.end(placeholder); // by now it is in line itself, or waits for somebody
    say_when_stopped();
}

bool RunManager::any_stopped(const Active& known) const {
    return std::ranges::any_of(known.rigs, [&](const std::string& rig) {
        const std::vector<rig::RigBlock> blocks = lab_.leases().blocks(rig);
        return std::ranges::find(blocks, rig::BlockKind::stopped, &rig::RigBlock::kind) !=
               blocks.end();
    });
}

void RunManager::ended(std::uint64_t run) {
    watches_.notify(run);
    remove_expired();
}

void RunManager::say_when_stopped() {
    const bool at_work =
        !recordings_.empty() || std::ranges::any_of(active_, [](const auto& entry) {
            return entry.second.control.working();
        });
    if (stopped_ && !at_work) {
        std::exchange(stopped_, nullptr)();
    }
}

} // namespace phyll::runs
