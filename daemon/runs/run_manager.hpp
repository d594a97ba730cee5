#pragma once

#include "daemon/rig/lab.hpp"
#include "daemon/runs/run_thread.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace phyll::runs {

/// Runs from their submission to their end: the queue, the threads, who watches.
///
///   submit -> queued -- all rigs leased --> running --> succeeded, failed
///   cancel: queued at once, running when its thread has ended and the rigs are safe
///   the daemon stops: running -> queued, goes on when the daemon is back
///
/// Thread rule: the loop's thread, the one on which `post` runs what it is given.
class RunManager {
  public:
    using Post = rig::Lab::Post;

    /// `workers` share the runs' numerical work; null leaves it to each run's thread.
    RunManager(Host host, Store& store, const StateDir& state, rig::Lab& lab, const Clock& clock,
               training::FileReader read, Post post, Workers* workers = nullptr);
    RunManager(const RunManager&) = delete;
    RunManager& operator=(const RunManager&) = delete;
    ~RunManager();

    /// Queues what was queued, running or held when the daemon went away.
    void recover();

    /// Stores a run that was prepared successfully before, with the run file as it was given, and
    /// starts it as soon as its rigs are free. Returns its number.
    std::uint64_t submit(const v1::RunInfo& info, const v1::RunSpec& spec,
                         const std::string& run_file, const std::string& idempotency_key);

    /// Throws NOT_FOUND, or FAILED_PRECONDITION when the run is over.
    void cancel(std::uint64_t run);

    /// The run as stored, with why a queued one waits. Throws NOT_FOUND.
    [[nodiscard]] RunRecord get(std::uint64_t run) const;
    [[nodiscard]] std::vector<v1::RunInfo> list() const;

    /// Sends runs under way back to queued; `done` is called when no run is under way any more.
    void stop(std::function<void()> done);

    /// Hears of a run: stored events in order, and, where it is under way, how it goes. `over` is
    /// called after the last event of a run that is over; then, or after `unwatch`, nothing comes.
    struct Watcher {
        std::function<void(const v1::WatchItem&)> item;
        std::function<void()> over;
    };
    using WatchId = std::uint64_t;
    /// Begins with a snapshot and goes on with the events after number `after`. Throws NOT_FOUND.
    WatchId watch(std::uint64_t run, std::uint64_t after, Watcher watcher);
    void unwatch(WatchId id);

    [[nodiscard]] FindRig find_rig() const;
    [[nodiscard]] const training::FileReader& reader() const noexcept { return site_.read; }

  private:
    struct Active {
        rig::LeaseId lease = 0;
        std::unique_ptr<RunThread> thread; ///< null while the run waits for its rigs
        bool cancelled = false;
    };
    struct Watch {
        std::uint64_t run = 0;
        std::uint64_t last = 0;
        /// Shared with whoever calls it: a watcher may go away while it is told something.
        std::shared_ptr<const Watcher> watcher;
    };

    void enqueue(std::uint64_t run);
    void start(std::uint64_t run);
    void finished(std::uint64_t run, const Outcome& outcome);
    void store_outcome(std::uint64_t run, const Active& active, const Outcome& outcome);
    [[nodiscard]] std::vector<WatchId> watching(std::uint64_t run) const;
    void notify(std::uint64_t run);
    void show(std::uint64_t run, const v1::Progress& progress);
    void advance(WatchId id);
    void annotate(v1::RunInfo& info) const;

    Store& store_;
    const StateDir& state_;
    rig::Lab& lab_;
    const Clock& clock_;
    Post post_;
    RunSite site_;
    std::map<std::uint64_t, Active> active_; ///< queued and running, by number
    std::map<WatchId, Watch> watches_;
    WatchId last_watch_ = 0;
    std::function<void()> stopped_; ///< set while the daemon stops
};

} // namespace phyll::runs
