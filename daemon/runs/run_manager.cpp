#include "daemon/runs/run_manager.hpp"

#include "daemon/runs/differences.hpp"
#include "daemon/runs/retention.hpp"
#include "daemon/runs/run_state.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/workers.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace phyll::runs {
namespace {

/// A replay asks no rig.
std::set<std::string> rigs_to_lease(const RunRecord& record) {
    return record.info.replay_of() != 0 ? std::set<std::string>() : rigs_of(record.spec);
}

} // namespace

RunManager::RunManager(Premises premises, v1::RetentionConfig retention, Store& store,
                       const StateDir& state, rig::Lab& lab, const Clock& clock, FileReader read,
                       Post post, Workers* workers)
    : premises_(std::move(premises)),
      retention_(std::move(retention)),
      store_(store),
      state_(state),
      lab_(lab),
      clock_(clock),
      post_(std::move(post)),
      site_{.host = premises_.host,
            .store = store,
            .state = state,
            .clock = clock,
            .read = std::move(read),
            .max_journal_bytes = premises_.max_journal_bytes,
            .hold_limit = premises_.hold_limit,
            .workers = workers,
            .stored = [this](std::uint64_t run) { post_([this, run] { watches_.notify(run); }); },
            .progress =
                [this](std::uint64_t run, const v1::Progress& progress) {
                    post_([this, run, progress] { watches_.show(run, progress); });
                },
            .finished =
                [this](std::uint64_t run, const Outcome& outcome) {
                    post_([this, run, outcome] { finished(run, outcome); });
                }},
      watches_(store, post_) {}

RunManager::~RunManager() = default;

std::uint64_t RunManager::submit(const v1::RunInfo& info, const v1::RunSpec& spec,
                                 const std::string& run_file, const std::string& idempotency_key) {
    check_lender(spec);
    v1::RunInfo given = info;
    complete(given, spec, wall_seconds(clock_));
    const std::uint64_t run = store_.add_run(given, spec, idempotency_key);
    if (active_.contains(run) || store_.run(run)->info.state() != v1::QUEUED) {
        return run; // submitted before, with the same idempotency key
    }
    try {
        write_file(state_.run(run) / "run.toml", run_file);
    } catch (const Error& error) {
        store_.change_state(run, v1::FAILED,
                            fmt::format("its run file could not be kept: {}", error.what()),
                            wall_seconds(clock_));
        throw;
    }
    enqueue(run);
    return run;
}

void RunManager::cancel(std::uint64_t run) {
    const v1::RunState state = get(run).info.state();
    if (!may_go(state, v1::RUN_CANCELLED)) {
        throw Error(Code::failed_precondition,
                    fmt::format("run {} is over: {}; there is nothing left to cancel", run,
                                name_of(state)));
    }
    const auto found = active_.find(run);
    if (found != active_.end() && found->second.thread) {
        found->second.cancelled = true;
        found->second.thread->stop();
        return;
    }
    if (found != active_.end()) {
        lab_.end(found->second.lease);
        active_.erase(found);
    }
    store_.change_state(run, v1::RUN_CANCELLED, "cancelled while it was waiting",
                        wall_seconds(clock_));
    ended(run);
}

RunRecord RunManager::get(std::uint64_t run) const {
    std::optional<RunRecord> record = store_.run(run);
    if (!record) {
        throw Error(Code::not_found,
                    fmt::format("there is no run {}; the list of runs has those that are", run));
    }
    annotate(record->info);
    return *std::move(record);
}

std::vector<v1::RunInfo> RunManager::list(const v1::ListRunsRequest& filter) const {
    check_rig(filter.rig());
    std::vector<v1::RunInfo> runs = store_.runs(filter);
    for (v1::RunInfo& info : runs) {
        annotate(info);
    }
    return runs;
}

void RunManager::remove(const std::set<std::uint64_t>& runs,
                        const std::set<std::uint64_t>& groups) {
    for (const std::uint64_t run : store_.remove(runs, groups)) {
        spdlog::info("run {} was removed", run);
        watches_.drop(run);
    }
    for (const std::uint64_t group : groups) {
        spdlog::info("group g{} was removed", group);
    }
    remove_folders();
}

void RunManager::stop(std::function<void()> done) {
    stopped_ = std::move(done);
    std::vector<rig::LeaseId> waiting;
    for (const auto& [run, active] : active_) {
        if (active.thread) {
            active.thread->stop();
        } else {
            waiting.push_back(active.lease);
        }
    }
    std::erase_if(active_, [](const auto& entry) { return !entry.second.thread; });
    for (const rig::LeaseId lease : waiting) {
        lab_.end(lease);
    }
    if (active_.empty()) {
        std::exchange(stopped_, nullptr)();
    }
}

FindRig RunManager::find_rig() const {
    // The rigs are fixed once the daemon serves, so this may be used on any thread.
    return [this](const std::string& name) -> const LayerSpec& { return lab_.rig(name).spec(); };
}

void RunManager::enqueue(std::uint64_t run) {
    const std::set<std::string> rigs = rigs_to_lease(store_.run(run).value());
    try {
        for (const std::string& name : rigs) {
            static_cast<void>(lab_.rig(name));
        }
    } catch (const Error& error) {
        store_.change_state(run, v1::FAILED, error.what(), wall_seconds(clock_));
        ended(run);
        return;
    }
    active_[run] = {};
    active_[run].lease = lab_.wait_for(
        {.rigs = rigs, .holder = fmt::format("run {}", run)},
        {.granted = [this, run](const rig::Grant& grant) { start(run, grant.over); }});
}

void RunManager::start(std::uint64_t run, const std::stop_token& over) {
    const auto found = active_.find(run);
    if (found == active_.end()) {
        return; // cancelled meanwhile
    }
    std::map<std::string, rig::RigThread*> rigs;
    RunRecord record;
    v1::Conditions present;
    try {
        record = store_.run(run).value();
        const std::set<std::string> leased = rigs_to_lease(record);
        found->second.digital = leased.empty();
        if (found->second.digital && digital_running() >= most_digital()) {
            in_line_.push_back(run);
            return;
        }
        for (const std::string& name : leased) {
            rigs[name] = &lab_.rig(name);
        }
        present = note_start(record, rigs);
    } catch (const Error& error) {
        finished(run, {v1::FAILED, fmt::format("could not be started: {}", error.what()), {}});
        return;
    }
    spdlog::info("run {} starts", run);
    watches_.notify(run);
    found->second.thread =
        std::make_unique<RunThread>(RunOrder{run, record.spec, std::move(rigs), std::move(present),
                                             record.info.replay_of(), over},
                                    site_);
}

v1::Conditions RunManager::note_start(const RunRecord& record,
                                      const std::map<std::string, rig::RigThread*>& rigs) {
    if (record.info.replay_of() != 0) {
        store_.started(record.info.run(), record.info.conditions(), wall_seconds(clock_));
        return record.info.conditions(); // of the run that it replays
    }
    std::map<std::string, RigStart> starts;
    for (const auto& [name, rig] : rigs) {
        starts[name] = {.age = rig->status().age, .era = rig->era()};
        if (const auto calibration = rig->calibration()) {
            starts[name].calibration = rig::in_words(calibration->to_wire());
        }
    }
    for (const v1::RunRig& asked : record.spec.rigs()) {
        if (asked.has_start_age() && starts.contains(asked.name())) {
            starts[asked.name()].age = asked.start_age();
        }
    }
    for (const v1::RigConditions& before : record.info.conditions().rigs()) {
        starts[before.rig()].age = before.age(); // it goes on there
        starts[before.rig()].era = before.era();
    }
    const std::uint64_t run = record.info.run();
    const double now = wall_seconds(clock_);
    const v1::Conditions present = conditions(premises_, starts);
    store_.started(run, present, now);
    if (!record.info.has_conditions()) {
        return present;
    }
    for (const v1::Difference& change : differences(record.info.conditions(), present)) {
        store_.add_notice(run,
                          fmt::format("goes on under other conditions: {} {} is {}, was {}",
                                      change.section(), change.path(),
                                      change.has_b() ? change.b() : "not there",
                                      change.has_a() ? change.a() : "not there"),
                          now);
    }
    return present;
}

void RunManager::finished(std::uint64_t run, const Outcome& outcome) {
    const auto active = active_.extract(run);
    try {
        store_outcome(run, active.mapped(), outcome);
    } catch (const Error& error) {
        spdlog::error("run {} {}{}{}, which could not be stored; it starts again when phylld does: "
                      "{}",
                      run, name_of(outcome.state), outcome.reason.empty() ? "" : ": ",
                      outcome.reason, error.what());
    }
    active.mapped().thread.reset();
    lab_.end(active.mapped().lease);
    while (!in_line_.empty() && digital_running() < most_digital()) {
        const std::uint64_t next = in_line_.front();
        in_line_.pop_front();
        start(next, {}); // nothing, where it was cancelled meanwhile
    }
    ended(run);
    if (stopped_ && active_.empty()) {
        std::exchange(stopped_, nullptr)();
    }
}

void RunManager::store_outcome(std::uint64_t run, const Active& active, const Outcome& outcome) {
    const double now = wall_seconds(clock_);
    if (outcome.state == v1::RUN_CANCELLED && !active.cancelled) {
        store_.interrupted(run, "phylld was stopped", now);
        spdlog::info("run {} goes back to the queue", run);
        return;
    }
    if (outcome.state == v1::HELD) {
        const std::string why =
            fmt::format("{}; look, then phyllctl run resume {}", outcome.reason, run);
        store_.wait_for_person(run, why, now);
        spdlog::warn("run {} waits for a person: {}", run, why);
        return;
    }
    const std::string reason = active.cancelled && outcome.state == v1::RUN_CANCELLED
                                   ? "cancelled while it was running"
                                   : outcome.reason;
    store_.change_state(run, outcome.state, reason, now,
                        outcome.state == v1::SUCCEEDED ? &outcome.result : nullptr);
    spdlog::info("run {} {}{}{}", run, name_of(outcome.state), reason.empty() ? "" : ": ", reason);
}

void RunManager::ended(std::uint64_t run) {
    watches_.notify(run);
    remove_expired();
}

void RunManager::remove_expired() {
    if (retention_.keep_runs() == 0 && retention_.keep_days() == 0) {
        return;
    }
    try {
        const Expired gone = expired(store_.ends(), retention_, wall_seconds(clock_));
        if (!gone.runs.empty() || !gone.groups.empty()) {
            spdlog::info("retention: keep_runs = {}, keep_days = {:g}", retention_.keep_runs(),
                         retention_.keep_days());
            remove(gone.runs, gone.groups);
        }
    } catch (const Error& error) {
        spdlog::error("runs that are not kept could not be removed: {}", error.what());
    }
}

void RunManager::remove_folders() {
    for (const std::uint64_t run : store_.removed()) {
        try {
            state_.remove_run(run);
            store_.forget_removed(run);
        } catch (const Error& error) {
            spdlog::warn("the folder of run {}, which was removed, stays for now: {}", run,
                         error.what());
        }
    }
}

std::size_t RunManager::digital_running() const {
    return static_cast<std::size_t>(std::ranges::count_if(active_, [](const auto& entry) {
        return entry.second.digital && entry.second.thread != nullptr;
    }));
}

std::size_t RunManager::most_digital() const {
    return site_.workers != nullptr ? site_.workers->threads() : 1;
}

void RunManager::complete(v1::RunInfo& info, const v1::RunSpec& spec, double now) {
    info.set_submitted(now);
    info.set_seed(spec.seed());
    for (const std::string& rig : rigs_of(spec)) {
        info.add_rigs(rig);
    }
}

void RunManager::check_rig(const std::string& rig) const {
    if (!rig.empty() && !store_.knows_rig(rig)) {
        static_cast<void>(lab_.rig(rig));
    }
}

void RunManager::annotate(v1::RunInfo& info) const {
    info.set_folder(state_.folder_of(info.run()).string());
    if (info.state() != v1::QUEUED || !info.reason().empty()) {
        return;
    }
    const std::set<std::string> rigs(info.rigs().begin(), info.rigs().end());
    if (rigs.empty() && std::ranges::find(in_line_, info.run()) != in_line_.end()) {
        info.set_reason("waits for a processor: other runs without physics are under way");
        return;
    }
    const std::string other = lab_.in_the_way(rigs);
    if (!other.empty() && other != fmt::format("run {}", info.run())) {
        info.set_reason(fmt::format("waits for {}, held by {}", fmt::join(rigs, ", "), other));
    }
}

} // namespace phyll::runs
