#pragma once

#include "daemon/rig/lease.hpp"

#include <phyll/v1/admin.pb.h>
#include <phyll/v1/groups.pb.h>
#include <phyll/v1/rigs.pb.h>
#include <phyll/v1/runs.pb.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace phyll::runs {

/// A run as it is stored.
struct RunRecord {
    v1::RunInfo info;
    v1::RunSpec spec;
};

/// A group as it is stored: what was submitted, and its members in that order.
struct GroupRecord {
    v1::GroupInfo info; ///< without what its members say
    std::vector<RunRecord> members;
};

struct NewGroup {
    std::uint64_t group = 0;
    std::vector<std::uint64_t> runs;
    bool is_new = false; ///< stored now; else it was submitted before
};

struct StoredEvent {
    std::uint64_t run = 0;
    v1::Event event;
};

/// A checkpoint file of a run, as it was when it was recorded.
struct CheckpointRecord {
    std::uint64_t step = 0; ///< steps that were taken
    std::string file;       ///< its name in the run's folder
    std::string sha256;     ///< in hexadecimal

    bool operator==(const CheckpointRecord&) const = default;
};

/// What retention needs to know of a run.
struct RunEnd {
    std::uint64_t run = 0;
    std::uint64_t group = 0; ///< 0: none
    bool over = false;       ///< in a final state
    double finished = 0.0;   ///< seconds since 1970, UTC; 0: not yet
};

/// A file that was uploaded, or whose upload was begun.
struct UploadRecord {
    std::string sha256;      ///< of its content, in hexadecimal
    std::uint64_t size = 0;  ///< bytes, when it is complete
    std::string name;        ///< what whoever uploaded it called it
    std::string uploaded_by; ///< empty: not known
    double time = 0.0;       ///< when it was begun: seconds since 1970, UTC

    bool operator==(const UploadRecord&) const = default;
};

/// What a file was when its content was looked at: while it is that, it has that content.
struct FileStamp {
    std::uint64_t size = 0; ///< bytes
    std::uint64_t inode = 0;
    std::int64_t modified = 0; ///< ns since 1970, UTC
    std::int64_t changed = 0;  ///< the same, of the file's status

    bool operator==(const FileStamp&) const = default;
};

/// A file of the data directory whose content is known.
struct FolderFile {
    std::string path;   ///< below the directory
    std::string sha256; ///< in hexadecimal
    FileStamp stamp;

    bool operator==(const FolderFile&) const = default;
};

/// A span in which a rig is held to be the same device.
struct RigEra {
    std::uint64_t era = 1;
    double since = 0.0; ///< seconds since 1970, UTC; 0: always
    std::string reason; ///< why it began: "touched: new membrane"; empty for the first
};

/// Runs, their events and metrics, the rigs' ages and eras, keys and the audit trail, in SQLite.
/// Each call is one transaction: when it returns, what it wrote survives the death of the process.
///
/// Event numbers rise over all runs and are never used twice. Thread rule: any thread.
/// Errors: UNAVAILABLE or RESOURCE_EXHAUSTED (disk full), DATA_LOSS (the file is damaged). How a
/// run ended is stored on a full disk too, from room that is kept free for it.
class Store {
  public:
    /// Opens or creates the database and brings its schema up to date; throws FAILED_PRECONDITION
    /// when a newer phylld wrote it.
    explicit Store(const std::filesystem::path& file);
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;
    ~Store();

    /// A new run in state queued, with its first event. Throws NOT_FOUND when a content that it
    /// names was removed. With an idempotency key that was used
    /// before nothing is stored and that run's number comes back.
    std::uint64_t add_run(const v1::RunInfo& info, const v1::RunSpec& spec,
                          const std::string& idempotency_key);

    /// The run that was added with this key; nothing for an empty one.
    [[nodiscard]] std::optional<std::uint64_t>
    run_with_key(const std::string& idempotency_key) const;

    /// A new group of runs in state queued, all or none. With an idempotency key that was used
    /// before nothing is stored and that group comes back.
    NewGroup add_group(const v1::GroupInfo& info, const std::vector<RunRecord>& members,
                       const std::string& idempotency_key);

    [[nodiscard]] std::optional<GroupRecord> group(std::uint64_t id) const;
    /// Groups that the filter lets through (see phyll.v1.Groups/List), newest first.
    [[nodiscard]] std::vector<std::uint64_t> groups(const v1::ListRunsRequest& filter) const;

    [[nodiscard]] std::optional<RunRecord> run(std::uint64_t id) const;
    /// Those that the filter lets through, newest first, without their conditions.
    [[nodiscard]] std::vector<v1::RunInfo> runs(const v1::ListRunsRequest& filter) const;
    /// Whether any run ever named this rig, of those that are stored.
    [[nodiscard]] bool knows_rig(const std::string& rig) const;
    /// How many runs are in each state that any is in.
    [[nodiscard]] std::map<v1::RunState, std::uint64_t> states() const;
    /// Runs in one of these states, oldest first.
    [[nodiscard]] std::vector<std::uint64_t>
    in_state(const std::vector<v1::RunState>& states) const;

    /// Moves a run to running and keeps what it is under now. Throws FAILED_PRECONDITION.
    v1::Event started(std::uint64_t run, const v1::Conditions& conditions, double time);

    /// Moves a run to another state and stores the event of it. Throws FAILED_PRECONDITION when the
    /// run's present state does not allow that. Times of start and end are kept with it; a final
    /// state may bring a result. Returns the event.
    v1::Event change_state(std::uint64_t run, v1::RunState state, const std::string& reason,
                           double time, const v1::RunResult* result = nullptr);

    /// The daemon went away under a run: back to queued, counted. Where nobody asked it to,
    /// `journaled` is how many measurements the run's journal has.
    /// With `wait` it is held until a person resumes it, for that reason.
    v1::Event interrupted(std::uint64_t run, const std::string& reason, double time,
                          std::optional<std::uint64_t> journaled = std::nullopt,
                          const std::string& wait = {});
    /// Moves a run to held until a person resumes it, or, where an emergency stop did that
    /// (`stopped`), until its rigs are acknowledged. Throws as `change_state` does.
    v1::Event wait_for_person(std::uint64_t run, const std::string& reason, double time,
                              bool stopped = false);
    /// Moves a run to paused, or says of a paused one that it gave its rigs up (`released`). Throws
    /// as `change_state` does.
    v1::Event pause(std::uint64_t run, const std::string& reason, bool released, double time);
    /// Before which others it is served, with an event that says so. Throws NOT_FOUND.
    v1::Event prioritise(std::uint64_t run, int priority, const std::string& notice, double time);

    /// Stores an epoch, as event and as row of the metrics.
    v1::Event add_epoch(std::uint64_t run, const v1::EpochMetrics& epoch, double time);
    /// What the client of its own run wants kept: as event, and each metric's last value with the
    /// run.
    v1::Event add_metrics(std::uint64_t run, const v1::LoggedMetrics& metrics, double time);
    v1::Event add_notice(std::uint64_t run, const std::string& text, double time);
    /// Stores the event that an era ended under a run; false when it is stored already. With `look`
    /// the run waits for a person from then on, also when phylld dies before it is held.
    bool add_era(std::uint64_t run, const v1::EraEnded& era, bool look, double time);

    /// Records a checkpoint whose file is in its place, and with it the epochs that ended in the
    /// step before it; what this returns is on the disk. Only the latest two stay recorded; returns
    /// the names of the files of the others.
    std::vector<std::string> add_checkpoint(std::uint64_t run, const CheckpointRecord& checkpoint,
                                            const std::vector<v1::EpochMetrics>& epochs,
                                            double time);
    /// Newest first.
    [[nodiscard]] std::vector<CheckpointRecord> checkpoints(std::uint64_t run) const;
    /// The run goes on from a step: later checkpoints and epochs are gone, and an event says so
    /// where there were epochs. Returns these.
    std::vector<v1::EpochMetrics> rewind(std::uint64_t run, std::uint64_t step, double time);

    /// Events of a run with numbers above `after`, in order, at most `limit`.
    [[nodiscard]] std::vector<v1::Event> events(std::uint64_t run, std::uint64_t after,
                                                std::size_t limit) const;
    /// The same of several runs.
    [[nodiscard]] std::vector<StoredEvent> events(const std::set<std::uint64_t>& runs,
                                                  std::uint64_t after, std::size_t limit) const;
    /// The same of every run.
    [[nodiscard]] std::vector<StoredEvent> all_events(std::uint64_t after, std::size_t limit) const;
    /// The same of the run's epochs. Throws NOT_FOUND.
    [[nodiscard]] std::vector<v1::Event> epochs(std::uint64_t run, std::uint64_t after,
                                                std::size_t limit) const;

    /// The largest number that any event was ever given; 0: there was none.
    [[nodiscard]] std::uint64_t last_event() const;
    /// Whether each of these runs is over, or gone.
    [[nodiscard]] bool all_over(const std::set<std::uint64_t>& runs) const;
    /// Every run, in the order of their numbers.
    [[nodiscard]] std::vector<RunEnd> ends() const;
    /// Removes runs, and groups with their members, that are over, with all that is stored of them,
    /// all or none; neither their numbers nor those of their events are used again. Returns the
    /// runs. Throws NOT_FOUND, or FAILED_PRECONDITION naming the state of a run that is not over,
    /// or the group of one that cannot go without it.
    std::set<std::uint64_t> remove(std::set<std::uint64_t> runs,
                                   const std::set<std::uint64_t>& groups);
    /// Removed runs whose folders may still be there, until `forget_removed`.
    [[nodiscard]] std::vector<std::uint64_t> removed() const;
    void forget_removed(std::uint64_t run);

    // Contents of data files, by their SHA-256 in hexadecimal.

    /// How to tell whether an upload is complete, which the store does not know: a run is only
    /// stored where those are that it names. Without it all are. `is_whole` must not call the
    /// store.
    void know_whole_uploads_by(std::function<bool(const std::string& sha256)> is_whole);
    /// Notes an upload that is begun, instead of what was noted of the content before.
    void note_upload(const UploadRecord& upload);
    [[nodiscard]] std::optional<UploadRecord> upload(const std::string& sha256) const;
    /// In the order of their names.
    [[nodiscard]] std::vector<UploadRecord> uploads() const;
    /// Throws NOT_FOUND, or FAILED_PRECONDITION naming a run that needs it and is not over. Else
    /// `put_aside` is called first, while no run can come to need it; what that throws leaves the
    /// upload noted. It must not call the store.
    void remove_upload(const std::string& sha256, const std::function<void()>& put_aside);
    /// The same of an upload that is gone already.
    void forget_upload(const std::string& sha256);
    /// Runs that name a content, in the order of their numbers.
    [[nodiscard]] std::vector<std::uint64_t> runs_with(const std::string& sha256) const;
    /// Keeps what is in a file of the data directory, instead of what was noted of it before.
    void note_folder_file(const FolderFile& file);
    [[nodiscard]] std::optional<FolderFile> folder_file(const std::string& path) const;
    /// Files that had that content when they were looked at, by their paths.
    [[nodiscard]] std::vector<FolderFile> folder_files(const std::string& sha256) const;

    /// Whether room is kept free for how runs end; takes it again where there is enough.
    [[nodiscard]] bool keeps_reserve();

    [[nodiscard]] std::map<std::string, std::uint64_t> rig_ages() const;
    void save_rig_age(const std::string& rig, std::uint64_t age);
    /// The era that a rig is in.
    [[nodiscard]] RigEra rig_era(const std::string& rig) const;
    /// Ends the era that the rig is in and returns the one that begins.
    RigEra end_era(const std::string& rig, const std::string& reason, double time);
    /// Keeps the hash of a rig's configuration. Where another one was kept, the era ends.
    void note_configuration(const std::string& rig, const std::string& sha256, double time);
    /// Why rigs may not be driven, by the rig's name; those for which there is a reason.
    [[nodiscard]] std::map<std::string, std::vector<rig::RigBlock>> rig_blocks() const;
    /// In place of those that were kept.
    void save_rig_blocks(const std::string& rig, const std::vector<rig::RigBlock>& blocks);
    /// Keeps a rig's last characterisation, by the rig's name.
    void save_characterisation(const v1::Characterisation& report);
    [[nodiscard]] std::optional<v1::Characterisation>
    characterisation(const std::string& rig) const;

    /// Waits for its turn to write, and writes nothing: that this returns, also with an error, says
    /// that the store is not stuck.
    void take_turn();

    // Who may connect, and who did what.

    /// In the order in which they were added, also those that were revoked.
    [[nodiscard]] std::vector<v1::Key> keys() const;
    /// Throws ALREADY_EXISTS where the key was ever added, or its name has one that is not revoked.
    void add_key(const v1::Key& key);
    /// Returns it as it is then. Throws NOT_FOUND naming those that there are.
    v1::Key revoke_key(const std::string& name, const std::string& by, double time);
    /// Keeps the entries: a new one, whose number is 0, gets its number; of another one the last
    /// time and the count change.
    void write_audit(const std::vector<v1::AuditEntry*>& entries);
    /// See phyll.v1.Admin/Audit; `limit` is taken as it is.
    [[nodiscard]] std::vector<v1::AuditEntry> audit(const v1::AuditRequest& request) const;
    /// Bytes of all that was uploaded by somebody.
    [[nodiscard]] std::uint64_t uploaded_by(const std::string& name) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace phyll::runs
