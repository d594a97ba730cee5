#pragma once

#include "daemon/rig/lab.hpp"
#include "daemon/runs/conditions.hpp"
#include "daemon/runs/run_thread.hpp"
#include "daemon/runs/watches.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
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
    RunManager(Premises premises, v1::RetentionConfig retention, Store& store,
               const StateDir& state, rig::Lab& lab, const Clock& clock, training::FileReader read,
               Post post, Workers* workers = nullptr);
    RunManager(const RunManager&) = delete;
    RunManager& operator=(const RunManager&) = delete;
    ~RunManager();

    /// Queues what was queued, running or held when the daemon went away, and removes what is not
    /// kept.
    void recover();

    /// Stores a run that was prepared successfully before, with the run file as it was given, and
    /// starts it as soon as its rigs are free. Returns its number.
    std::uint64_t submit(const v1::RunInfo& info, const v1::RunSpec& spec,
                         const std::string& run_file, const std::string& idempotency_key);

    /// Throws NOT_FOUND, or FAILED_PRECONDITION when the run is over.
    void cancel(std::uint64_t run);

    /// The run as stored, with why a queued one waits. Throws NOT_FOUND.
    [[nodiscard]] RunRecord get(std::uint64_t run) const;
    /// Newest first. Throws NOT_FOUND for a rig that is neither there nor named by any run.
    [[nodiscard]] std::vector<v1::RunInfo> list(const v1::ListRunsRequest& filter) const;

    /// See Store::epochs.
    [[nodiscard]] std::vector<v1::Event> epochs(std::uint64_t run, std::uint64_t after,
                                                std::size_t limit) const {
        return store_.epochs(run, after, limit);
    }

    /// Removes runs that are over, with their folders, all or none. Throws NOT_FOUND, or
    /// FAILED_PRECONDITION naming the state of one that is not over.
    void remove(const std::set<std::uint64_t>& runs);

    /// Sends runs under way back to queued; `done` is called when no run is under way any more.
    void stop(std::function<void()> done);

    [[nodiscard]] Watches& watches() noexcept { return watches_; }

    [[nodiscard]] FindRig find_rig() const;
    [[nodiscard]] const training::FileReader& reader() const noexcept { return site_.read; }

  private:
    struct Active {
        rig::LeaseId lease = 0;
        std::unique_ptr<RunThread> thread; ///< null while the run waits for its rigs
        bool cancelled = false;
    };
    void enqueue(std::uint64_t run);
    void start(std::uint64_t run);
    /// Moves a run to running and records what it is under.
    void note_start(const RunRecord& record, const std::map<std::string, rig::RigThread*>& rigs);
    void finished(std::uint64_t run, const Outcome& outcome);
    void store_outcome(std::uint64_t run, const Active& active, const Outcome& outcome);
    /// Whoever watches learns that a run is over, and what is not kept any more goes.
    void ended(std::uint64_t run);
    void remove_expired();
    void remove_folders();
    void annotate(v1::RunInfo& info) const;

    const Premises premises_;
    const v1::RetentionConfig retention_;
    Store& store_;
    const StateDir& state_;
    rig::Lab& lab_;
    const Clock& clock_;
    Post post_;
    RunSite site_;
    std::map<std::uint64_t, Active> active_; ///< queued and running, by number
    Watches watches_;
    std::function<void()> stopped_; ///< set while the daemon stops
};

} // namespace phyll::runs
