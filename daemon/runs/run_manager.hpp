#pragma once

#include "daemon/rig/lab.hpp"
#include "daemon/runs/conditions.hpp"
#include "daemon/runs/run_thread.hpp"
#include "daemon/runs/watches.hpp"

#include <deque>
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
///   held: by its thread, which waits; or without one, until `resume`
///   cancel: queued at once, running when its thread has ended and the rigs are safe
///   the daemon stops: running -> queued, goes on when the daemon is back
///
/// Runs without physics need no rig; as many of them as there are workers are under way at a time.
///
/// Thread rule: the loop's thread, the one on which `post` runs what it is given.
class RunManager {
  public:
    using Post = rig::Lab::Post;

    /// `workers` share the runs' numerical work; null leaves it to each run's thread.
    RunManager(Premises premises, v1::RetentionConfig retention, Store& store,
               const StateDir& state, rig::Lab& lab, const Clock& clock, FileReader read, Post post,
               Workers* workers = nullptr);
    RunManager(const RunManager&) = delete;
    RunManager& operator=(const RunManager&) = delete;
    ~RunManager();

    /// Queues what was queued, running or held when the daemon went away, and removes what is not
    /// kept.
    void recover();

    /// Throws FAILED_PRECONDITION for a rig that would measure nothing, as far as that is known.
    /// Any thread.
    void check_calibrated(const v1::RunSpec& spec) const;

    /// Stores a run that was prepared successfully before, with the run file as it was given, and
    /// starts it as soon as its rigs are free. Returns its number.
    std::uint64_t submit(const v1::RunInfo& info, const v1::RunSpec& spec,
                         const std::string& run_file, const std::string& idempotency_key);

    /// A new run that takes every measurement of another one, which is over, from its journal.
    /// Throws NOT_FOUND, or FAILED_PRECONDITION when that one cannot be replayed.
    std::uint64_t replay(const v1::ReplayRequest& request, const std::string& caller);

    /// Throws NOT_FOUND, or FAILED_PRECONDITION when the run is over.
    void cancel(std::uint64_t run);

    /// A run that is held until a person resumes it is queued again. Throws NOT_FOUND, or
    /// FAILED_PRECONDITION when it does not wait for that.
    void resume(std::uint64_t run);

    /// The run as stored, with why a queued one waits. Throws NOT_FOUND.
    [[nodiscard]] RunRecord get(std::uint64_t run) const;
    /// Newest first. Throws NOT_FOUND for a rig that is neither there nor named by any run.
    [[nodiscard]] std::vector<v1::RunInfo> list(const v1::ListRunsRequest& filter) const;

    /// See Store::epochs.
    [[nodiscard]] std::vector<v1::Event> epochs(std::uint64_t run, std::uint64_t after,
                                                std::size_t limit) const {
        return store_.epochs(run, after, limit);
    }

    /// Removes runs and groups that are over, with their folders, all or none. Throws as the
    /// store's `remove` does.
    void remove(const std::set<std::uint64_t>& runs, const std::set<std::uint64_t>& groups);

    // Groups. All throw NOT_FOUND.

    /// Stores a group of runs that were prepared successfully before, with the run file as it was
    /// given, and starts each as soon as its rigs are free.
    v1::SubmitGroupReply submit_group(const v1::GroupInfo& info, std::vector<RunRecord> members,
                                      const std::string& run_file,
                                      const std::string& idempotency_key);
    [[nodiscard]] v1::GroupReply group(std::uint64_t id) const;
    [[nodiscard]] v1::GroupInfo group_info(std::uint64_t id) const;
    /// Newest first. Throws NOT_FOUND for a rig as `list` does.
    [[nodiscard]] std::vector<v1::GroupInfo> groups(const v1::ListRunsRequest& filter) const;
    /// Cancels the members that are not over; throws FAILED_PRECONDITION when all are.
    void cancel_group(std::uint64_t id);

    /// Sends runs under way back to queued; `done` is called when no run is under way any more.
    void stop(std::function<void()> done);

    [[nodiscard]] Watches& watches() noexcept { return watches_; }

    [[nodiscard]] FindRig find_rig() const;
    [[nodiscard]] const FileReader& reader() const noexcept { return site_.read; }

  private:
    struct Active {
        rig::LeaseId lease = 0;
        std::unique_ptr<RunThread> thread; ///< null while the run waits for its rigs
        bool cancelled = false;
        bool digital = false; ///< no physics: no rig says when its turn is
    };

    /// What a run's record says from its submission on.
    static void complete(v1::RunInfo& info, const v1::RunSpec& spec, double now);
    /// Throws INVALID_ARGUMENT when a run is to reuse another one that is not there, or not over.
    void check_lender(const v1::RunSpec& spec) const;
    /// Throws NOT_FOUND for a rig that is neither there nor named by any run.
    void check_rig(const std::string& rig) const;
    [[nodiscard]] GroupRecord group_record(std::uint64_t id) const;
    void enqueue(std::uint64_t run);
    void start(std::uint64_t run, const std::stop_token& over);
    /// Moves a run to running, records what it is under and returns that.
    v1::Conditions note_start(const RunRecord& record,
                              const std::map<std::string, rig::RigThread*>& rigs);
    /// Of a run that was under way when the daemon went away.
    void recover(std::uint64_t run);
    /// The rigs of a run at which somebody may be, when nobody knows why the daemon went away.
    [[nodiscard]] std::vector<std::string> attended(const v1::RunSpec& spec) const;
    /// Why a run waits for a person after a restart that nobody asked for; empty: it does not.
    [[nodiscard]] std::string why_wait(std::uint64_t run) const;
    void finished(std::uint64_t run, const Outcome& outcome);
    void store_outcome(std::uint64_t run, const Active& active, const Outcome& outcome);
    /// Whoever watches learns that a run is over, and what is not kept any more goes.
    void ended(std::uint64_t run);
    void remove_expired();
    void remove_folders();
    void annotate(v1::RunInfo& info) const;
    [[nodiscard]] std::size_t digital_running() const;
    /// Runs without physics that are under way at a time.
    [[nodiscard]] std::size_t most_digital() const;

    const Premises premises_;
    const v1::RetentionConfig retention_;
    Store& store_;
    const StateDir& state_;
    rig::Lab& lab_;
    const Clock& clock_;
    Post post_;
    RunSite site_;
    std::map<std::uint64_t, Active> active_; ///< queued and running, by number
    std::deque<std::uint64_t> in_line_;      ///< runs without physics that wait for their turn
    Watches watches_;
    std::function<void()> stopped_; ///< set while the daemon stops
};

} // namespace phyll::runs
