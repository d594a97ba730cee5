#include "daemon/runs/run_manager.hpp"

#include "daemon/runs/run_state.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace phyll::runs {
namespace {

/// Events handed to a watcher before others get their turn.
constexpr std::size_t event_batch = 200;

} // namespace

RunManager::RunManager(Host host, Store& store, const StateDir& state, rig::Lab& lab,
                       const Clock& clock, training::FileReader read, Post post, Workers* workers)
    : store_(store),
      state_(state),
      lab_(lab),
      clock_(clock),
      post_(std::move(post)),
      site_{.host = std::move(host),
            .store = store,
            .state = state,
            .clock = clock,
            .read = std::move(read),
            .workers = workers,
            .stored = [this](std::uint64_t run) { post_([this, run] { notify(run); }); },
            .progress =
                [this](std::uint64_t run, const v1::Progress& progress) {
                    post_([this, run, progress] { show(run, progress); });
                },
            .finished =
                [this](std::uint64_t run, const Outcome& outcome) {
                    post_([this, run, outcome] { finished(run, outcome); });
                }} {}

RunManager::~RunManager() = default;

void RunManager::recover() {
    for (const std::uint64_t run : store_.in_state({v1::RUNNING, v1::HELD})) {
        spdlog::warn("run {} was under way when phylld went away; it starts again", run);
        store_.interrupted(run, "phylld went away under it", wall_seconds(clock_));
    }
    for (const std::uint64_t run : store_.in_state({v1::QUEUED})) {
        enqueue(run);
    }
}

std::uint64_t RunManager::submit(const v1::RunInfo& info, const v1::RunSpec& spec,
                                 const std::string& run_file, const std::string& idempotency_key) {
    v1::RunInfo given = info;
    given.set_submitted(wall_seconds(clock_));
    given.set_seed(spec.seed());
    for (const std::string& rig : rigs_of(spec)) {
        given.add_rigs(rig);
    }
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
    notify(run);
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

std::vector<v1::RunInfo> RunManager::list() const {
    std::vector<v1::RunInfo> runs = store_.runs();
    for (v1::RunInfo& info : runs) {
        annotate(info);
    }
    return runs;
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

RunManager::WatchId RunManager::watch(std::uint64_t run, std::uint64_t after, Watcher watcher) {
    v1::WatchItem snapshot;
    *snapshot.mutable_snapshot() = get(run).info;
    const WatchId id = ++last_watch_;
    const auto shared = std::make_shared<const Watcher>(std::move(watcher));
    watches_[id] = {run, after, shared};
    shared->item(snapshot);
    post_([this, id] { advance(id); });
    return id;
}

void RunManager::unwatch(WatchId id) {
    watches_.erase(id);
}

FindRig RunManager::find_rig() const {
    // The rigs are fixed once the daemon serves, so this may be used on any thread.
    return [this](const std::string& name) -> const LayerSpec& { return lab_.rig(name).spec(); };
}

void RunManager::enqueue(std::uint64_t run) {
    const v1::RunSpec spec = store_.run(run).value().spec;
    const std::set<std::string> rigs = rigs_of(spec);
    try {
        for (const std::string& name : rigs) {
            static_cast<void>(lab_.rig(name));
        }
    } catch (const Error& error) {
        store_.change_state(run, v1::FAILED, error.what(), wall_seconds(clock_));
        notify(run);
        return;
    }
    active_[run] = {};
    // The lease may be granted inside the call, before its number is known here.
    const rig::LeaseId lease = lab_.wait_for(rigs, fmt::format("run {}", run), [this, run](auto) {
        post_([this, run] { start(run); });
    });
    active_[run].lease = lease;
}

void RunManager::start(std::uint64_t run) {
    const auto found = active_.find(run);
    if (found == active_.end()) {
        return; // cancelled meanwhile
    }
    v1::RunSpec spec;
    std::map<std::string, rig::RigThread*> rigs;
    try {
        spec = store_.run(run).value().spec;
        for (const std::string& name : rigs_of(spec)) {
            rigs[name] = &lab_.rig(name);
        }
        store_.change_state(run, v1::RUNNING, {}, wall_seconds(clock_));
    } catch (const Error& error) {
        finished(run, {v1::FAILED, fmt::format("could not be started: {}", error.what()), {}});
        return;
    }
    spdlog::info("run {} starts", run);
    notify(run);
    found->second.thread = std::make_unique<RunThread>(run, spec, std::move(rigs), site_);
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
    notify(run);
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
    const std::string reason = active.cancelled && outcome.state == v1::RUN_CANCELLED
                                   ? "cancelled while it was running"
                                   : outcome.reason;
    store_.change_state(run, outcome.state, reason, now,
                        outcome.state == v1::SUCCEEDED ? &outcome.result : nullptr);
    spdlog::info("run {} {}{}{}", run, name_of(outcome.state), reason.empty() ? "" : ": ", reason);
}

std::vector<RunManager::WatchId> RunManager::watching(std::uint64_t run) const {
    std::vector<WatchId> ids;
    for (const auto& [id, watch] : watches_) {
        if (watch.run == run) {
            ids.push_back(id);
        }
    }
    return ids;
}

void RunManager::notify(std::uint64_t run) {
    for (const WatchId id : watching(run)) {
        advance(id);
    }
}

void RunManager::show(std::uint64_t run, const v1::Progress& progress) {
    v1::WatchItem item;
    *item.mutable_progress() = progress;
    // A watcher that goes away while it is told changes the table.
    for (const WatchId id : watching(run)) {
        if (const auto found = watches_.find(id); found != watches_.end()) {
            const std::shared_ptr<const Watcher> watcher = found->second.watcher;
            watcher->item(item);
        }
    }
}

void RunManager::advance(WatchId id) {
    const auto found = watches_.find(id);
    if (found == watches_.end()) {
        return;
    }
    Watch& watch = found->second;
    const std::uint64_t run = watch.run;
    const std::shared_ptr<const Watcher> watcher = watch.watcher;
    const std::vector<v1::Event> events = store_.events(watch.run, watch.last, event_batch);
    for (const v1::Event& event : events) {
        v1::WatchItem item;
        *item.mutable_event() = event;
        watch.last = event.number();
        watcher->item(item);
        if (!watches_.contains(id)) {
            return; // it went away
        }
    }
    if (events.size() == event_batch) {
        post_([this, id] { advance(id); });
    } else if (is_final(get(run).info.state())) {
        watches_.erase(id);
        watcher->over();
    }
}

void RunManager::annotate(v1::RunInfo& info) const {
    info.set_folder((state_.path() / "runs" / std::to_string(info.run())).string());
    if (info.state() != v1::QUEUED || !info.reason().empty()) {
        return;
    }
    const std::set<std::string> rigs(info.rigs().begin(), info.rigs().end());
    const std::string other = lab_.in_the_way(rigs);
    if (!other.empty() && other != fmt::format("run {}", info.run())) {
        info.set_reason(fmt::format("waits for {}, held by {}", fmt::join(rigs, ", "), other));
    }
}

} // namespace phyll::runs
