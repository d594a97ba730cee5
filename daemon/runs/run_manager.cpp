#include "daemon/runs/run_manager.hpp"

#include "daemon/runs/retention.hpp"
#include "daemon/runs/run_state.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/workers.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace phyll::runs {

RunManager::RunManager(Premises premises, v1::RetentionConfig retention, Store& store,
                       const StateDir& state, rig::Lab& lab, const Clock& clock, ReadFilesOf read,
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
            .power = premises_.power,
            .workers = workers,
            .stored = [this](std::uint64_t run) { post_([this, run] { watches_.notify(run); }); },
            .moved =
                [this](std::uint64_t run, v1::RunState state_now, const std::string& reason) {
                    post_([this, run, state_now, reason] {
                        tell_or_drop(run, [&](RunControl& control) {
                            return state_now == v1::HELD ? control.trouble_began(reason)
                                                         : control.trouble_over();
                        });
                        watches_.notify(run);
                    });
                },
            .progress =
                [this](std::uint64_t run, const v1::Progress& progress) {
                    post_([this, run, progress] { show(run, progress); });
                },
            .finished =
                [this](std::uint64_t run, const Outcome& outcome) {
                    post_([this, run, outcome] { finished(run, outcome); });
                }},
      processors_(workers != nullptr ? workers->threads() : 1, post_),
      watches_(store, post_) {}

RunManager::~RunManager() = default;

void RunManager::reload(const v1::RetentionConfig& retention, std::uint64_t max_journal_bytes,
                        Seconds hold_limit) {
    retention_ = retention;
    site_.max_journal_bytes = max_journal_bytes;
    site_.hold_limit = hold_limit;
    remove_expired();
}

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

RunRecord RunManager::get(std::uint64_t run) const {
    std::optional<RunRecord> record = store_.run(run);
    if (!record) {
        throw Error(Code::not_found,
                    fmt::format("there is no run {}; the list of runs has those that are", run));
    }
    annotate(record->info);
    return *std::move(record);
}

std::optional<v1::Progress> RunManager::progress(std::uint64_t run) const {
    const auto found = active_.find(run);
    return found == active_.end() ? std::nullopt : found->second.progress;
}

void RunManager::show(std::uint64_t run, const v1::Progress& progress) {
    spent_.note(run, progress.so_far());
    if (const auto found = active_.find(run); found != active_.end()) {
        found->second.progress = progress;
    }
    watches_.show(run, progress);
}

std::vector<v1::RunInfo> RunManager::list(const v1::ListRunsRequest& filter) const {
    check_rig(filter.rig());
    std::vector<v1::RunInfo> runs = store_.runs(filter);
    for (v1::RunInfo& info : runs) {
        annotate(info);
    }
    return runs;
}

void RunManager::prioritise(std::uint64_t run, int priority, const std::string& by) {
    const v1::RunInfo info = get(run).info;
    if (is_final(info.state())) {
        throw Error(Code::failed_precondition,
                    fmt::format("run {} is over: {}; its priority says nothing any more", run,
                                name_of(info.state())));
    }
    store_.prioritise(
        run, priority,
        fmt::format("priority {}, set by {}; it was {}", priority, by, info.priority()),
        wall_seconds(clock_));
    Active& known = active(run);
    known.priority = priority;
    if (known.rigs.empty()) {
        processors_.prioritise(run, priority);
    } else if (known.lease != 0 && info.state() != v1::PAUSED) {
        lab_.prioritise(known.lease, priority);
    }
    if (known.placeholder != 0) {
        lab_.prioritise(known.placeholder, priority);
    }
    watches_.notify(run);
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

FindRig RunManager::find_rig() const {
    // The rigs are fixed once the daemon serves, so this may be used on any thread.
    return [this](const std::string& name) -> const LayerSpec& { return lab_.rig(name).spec(); };
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
    if (processors_.waits(info.run())) {
        info.set_reason("waits for a processor: other runs without physics are under way");
        return;
    }
    const std::set<std::string> rigs(info.rigs().begin(), info.rigs().end());
    const std::string other = lab_.in_the_way(rigs);
    if (!other.empty() && other != fmt::format("run {}", info.run())) {
        info.set_reason(fmt::format("waits for {}, held by {}", fmt::join(rigs, ", "), other));
    }
}

} // namespace phyll::runs
