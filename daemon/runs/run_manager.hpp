#pragma once

#include "daemon/rig/lab.hpp"
#include "daemon/runs/clients/client_desk.hpp"
#include "daemon/runs/conditions.hpp"
#include "daemon/runs/job.hpp"
#include "daemon/runs/processor_line.hpp"
#include "daemon/runs/recordings/recording.hpp"
#include "daemon/runs/run_control.hpp"
#include "daemon/runs/run_figures.hpp"
#include "daemon/runs/run_thread.hpp"
#include "daemon/runs/watches.hpp"

#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace phyll::runs {

/// Runs from their submission to their end: who is in line, the threads, who watches. What happens
/// to a run is said by its RunControl, and done here.
///
/// Runs without physics need no rig; as many of them as there are workers are under way at a time.
///
/// Thread rule: the loop's thread, the one on which `post` runs what it is given.
class RunManager {
  public:
    using Post = rig::Lab::Post;
    /// Told that a run is paused, or why it is not; on the loop.
    using PauseDone = std::function<void(const std::optional<Error>& refusal)>;

    /// `workers` share the runs' numerical work; null leaves it to each run's thread.
    RunManager(Premises premises, v1::RetentionConfig retention, Store& store,
               const StateDir& state, rig::Lab& lab, const Clock& clock, ReadFilesOf read,
               Post post, Workers* workers = nullptr);
    RunManager(const RunManager&) = delete;
    RunManager& operator=(const RunManager&) = delete;
    ~RunManager();

    /// Goes on with what was queued, running, paused or held when the daemon went away, and removes
    /// what is not kept. Paused runs get their rigs before any other does.
    void recover();

    /// What is kept of runs, each one's journal and how long it is held, from now on: the next run
    /// that ends or begins to be held or to measure goes by it.
    void reload(const v1::RetentionConfig& retention, std::uint64_t max_journal_bytes,
                Seconds hold_limit);

    /// Throws FAILED_PRECONDITION for a rig that would measure nothing, as far as that is known.
    /// Any thread.
    void check_calibrated(const v1::RunSpec& spec) const { check_calibrated(rigs_of(spec)); }
    void check_calibrated(const std::set<std::string>& rigs) const;

    /// Stores a run that was prepared successfully before, with the run file as it was given, and
    /// starts it as soon as its rigs are free. Returns its number.
    std::uint64_t submit(const v1::RunInfo& info, const v1::RunSpec& spec,
                         const std::string& run_file, const std::string& idempotency_key);

    /// A new run that takes every measurement of another one, which is over, from its journal.
    /// Throws NOT_FOUND, or FAILED_PRECONDITION when that one cannot be replayed.
    std::uint64_t replay(const v1::ReplayRequest& request, const std::string& caller);
    /// A new run of the same run file as another one, which is over. Throws NOT_FOUND, or
    /// FAILED_PRECONDITION when that one cannot be run again.
    std::uint64_t retry(const v1::RetryRequest& request, const std::string& caller);

    // Control of a run. All throw NOT_FOUND, and FAILED_PRECONDITION as RunControl says. `by` is
    // who asks.

    /// `done` is called when the run is paused, with its rigs safe, or with why it will not be:
    /// from inside this call or later. Not where this throws.
    void pause(std::uint64_t run, bool release, const std::string& by, PauseDone done);
    void resume(std::uint64_t run);
    /// A running run has ended when its watchers are told.
    void cancel(std::uint64_t run);
    /// Before which others it is served, of those that wait for the same rigs.
    void prioritise(std::uint64_t run, int priority, const std::string& by);

    /// The rig may be driven again after an emergency stop: runs that it held get in line for it.
    /// To be called before anybody else can be granted the rig, or they come after them.
    void acknowledged(const std::string& rig);

    // Runs that clients drive themselves (run_manager_clients.cpp).

    struct ClientTerms {
        std::string by;    ///< who opens it
        std::string token; ///< of the lease on its rigs
        Seconds time_to_live{};
    };
    /// What a client is told that has opened a run.
    struct Opening {
        std::uint64_t run = 0;
        std::string token; ///< of the lease
        std::optional<std::string> checkpoint;
        std::uint64_t journaled = 0;
    };
    /// On the loop, once the rigs are held and the run is under way; or with why it is not.
    using Opened = std::function<void(std::exception_ptr failure, const Opening& opening)>;
    /// Whether whoever opened a run still waits for the answer.
    using StillWaits = std::function<bool()>;
    /// A new run, the one that was opened with the same key before, or one that goes on; its
    /// number. Throws NOT_FOUND, and FAILED_PRECONDITION where a rig is not free and is not waited
    /// for, or the run is driven or being opened by somebody else.
    std::uint64_t open(const v1::OpenRequest& request, const ClientTerms& terms, Opened done,
                       StillWaits waits);
    /// Whoever opened a run has gone. One that has not begun, and that nobody else can come back to
    /// by a key, is cancelled.
    void give_up_opening(std::uint64_t run, bool has_key);
    /// Where the wishes go of who drives a run under the lease with this token; there until the
    /// caller's task of the loop is over. Throws NOT_FOUND, FAILED_PRECONDITION, PERMISSION_DENIED.
    [[nodiscard]] ClientDesk& desk_of(std::uint64_t run, const std::string& token);

    /// Begins to record what is streamed through a rig. The recording is there until
    /// `end_recording`. Throws what Recording does.
    Recording& record(const RecordingOrder& order, rig::RigThread& rig);
    /// The stream is over, well or not, and then why. `done` is called on the loop.
    void end_recording(std::uint64_t run, const std::optional<std::string>& failure,
                       std::function<void()> done);

    /// The run as stored, with why a queued one waits. Throws NOT_FOUND.
    [[nodiscard]] RunRecord get(std::uint64_t run) const;
    /// Where a run is, or was when it was paused or held; nothing of one that is over, or that has
    /// not been under way since the daemon started.
    [[nodiscard]] std::optional<v1::Progress> progress(std::uint64_t run) const;
    /// Newest first. Throws NOT_FOUND for a rig that is neither there nor named by any run.
    [[nodiscard]] std::vector<v1::RunInfo> list(const v1::ListRunsRequest& filter) const;

    /// As things are. Throws what the store does.
    [[nodiscard]] RunFigures figures() const;

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
    [[nodiscard]] const ReadFilesOf& reader() const noexcept { return site_.read; }

  private:
    /// Of a run that a client drives.
    struct ClientSide {
        std::string token;
        Seconds time_to_live{};
        std::shared_ptr<ClientDesk> desk{}; ///< null while nobody is expected at it
        std::vector<StillWaits> openers{};  ///< whoever opened it and was not answered, or was
    };
    /// A run that is not over.
    struct Active {
        explicit Active(const RunRecord& record);

        RunControl control;
        std::set<std::string> rigs; ///< to lease; none: it waits for a processor
        int priority;
        rig::LeaseId lease = 0; ///< held or waiting
        rig::LeaseId place = 0; ///< in line, that it may keep
        /// Keeps it while the thread ends that lost its rigs; 0: nothing does.
        rig::LeaseId placeholder = 0;
        std::stop_token over; ///< of the lease
        std::unique_ptr<RunThread> thread;
        v1::RunResult result; ///< of the attempt that has just succeeded
        std::vector<PauseDone> pausing;
        std::optional<ClientSide> client;
        std::optional<v1::Progress> progress; ///< the latest
    };
    using Actions = RunControl::Actions;
    using Input = std::function<Actions(RunControl&)>;

    // What happens to runs (run_manager_control.cpp).

    /// Of a run that is not over, or, for as long as it takes to say so, of one that is. Throws
    /// NOT_FOUND.
    Active& active(std::uint64_t run);
    /// Does what a run's control answers to `input`. What it throws changed nothing: the control's
    /// refusal, or that the store could not take it.
    void tell(std::uint64_t run, const Input& input);
    /// The same of what cannot be refused: a run that the store fails is dropped, and starts again
    /// when phylld does.
    void tell_or_drop(std::uint64_t run, const Input& input);
    void drop(std::uint64_t run);
    /// Whether the action is one of those that store, and was done.
    bool store_action(std::uint64_t run, const Active& active, const RunControl::Action& action);
    void do_action(std::uint64_t run, Active& active, const RunControl::Action& action);
    void get_in_line(std::uint64_t run, Active& active, bool keep_place);
    void end_lease(std::uint64_t run, Active& active);
    void start_thread(std::uint64_t run, Active& active);
    void answer_pause(Active& active, const std::optional<Error>& refusal);
    void granted(std::uint64_t run, const std::stop_token& over);
    void show(std::uint64_t run, const v1::Progress& progress);
    void finished(std::uint64_t run, const Outcome& outcome);
    /// Whoever watches learns that a run is over, and what is not kept any more goes.
    void ended(std::uint64_t run);
    void say_when_stopped();
    /// Whether one of its rigs waits for an emergency stop to be acknowledged.
    [[nodiscard]] bool any_stopped(const Active& known) const;
    /// Nobody comes to the desk of a run any more whose thread has ended.
    void leave_desk(std::uint64_t run, ClientDesk& desk);
    /// Throws unless the rigs may be had at once, or are waited for.
    void require_free(const std::set<std::string>& rigs, bool wait) const;
    [[nodiscard]] std::uint64_t opened_run(const v1::OpenRequest& request, const std::string& by);
    void check_opened(std::uint64_t run, const Active& known, bool again) const;
    [[nodiscard]] static bool is_being_opened(const Active& known);
    void greet(std::uint64_t run, const ClientSide& client, Opened done);
    [[nodiscard]] rig::LeaseEvents lease_events(std::uint64_t run);
    [[nodiscard]] static rig::LeaseTerms terms_of(std::uint64_t run, const Active& known,
                                                  bool keep_place);
    void lease_lost(std::uint64_t run, rig::LeaseEnd how, const std::string& why);
    /// Moves a run to running, and records what it is under.
    void store_start(std::uint64_t run);
    [[nodiscard]] v1::Conditions present_conditions(const RunRecord& record) const;
    [[nodiscard]] RigStart start_of(const rig::RigThread& rig) const;

    /// A run that was stored is to be run.
    void enqueue(std::uint64_t run);
    /// What a run's record says from its submission on.
    static void complete(v1::RunInfo& info, const v1::RunSpec& spec, double now);
    /// Throws INVALID_ARGUMENT when a run is to reuse another one that is not there, or not over.
    void check_lender(const v1::RunSpec& spec) const;
    /// Throws NOT_FOUND for a rig that is neither there nor named by any run.
    void check_rig(const std::string& rig) const;
    [[nodiscard]] GroupRecord group_record(std::uint64_t id) const;
    /// Of a run that was under way when the daemon went away.
    void recover(std::uint64_t run);
    void recover_queued(bool unforeseen);
    /// The rigs of a run at which somebody may be, when nobody knows why the daemon went away.
    [[nodiscard]] std::vector<std::string> attended(const v1::RunSpec& spec) const;
    /// Why a run waits for a person after a restart that nobody asked for; empty: it does not.
    [[nodiscard]] std::string why_wait(std::uint64_t run) const;
    /// The run, which must be over for `what` to be done with it: "replayed".
    [[nodiscard]] RunRecord get_over(std::uint64_t run, const char* what) const;
    /// All that was set beside its run file; of a group's member with what the group has in common,
    /// and its seed.
    [[nodiscard]] google::protobuf::RepeatedPtrField<std::string>
    overrides_of(const v1::RunInfo& info) const;
    void remove_expired();
    void remove_folders();
    void annotate(v1::RunInfo& info) const;

    const Premises premises_;
    v1::RetentionConfig retention_;
    Store& store_;
    const StateDir& state_;
    rig::Lab& lab_;
    const Clock& clock_;
    Post post_;
    RunSite site_;
    std::map<std::uint64_t, Active> active_; ///< runs that are not over, by number
    std::map<std::uint64_t, std::unique_ptr<Recording>> recordings_; ///< by the run's number
    ProcessorLine processors_;
    SpentTimes spent_;
    Watches watches_;
    std::function<void()> stopped_; ///< set while the daemon stops
};

} // namespace phyll::runs
