#pragma once

#include "daemon/rig/lease_table.hpp"
#include "daemon/rig/rig_thread.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace phyll::rig {

/// What the lab asks of whoever owns it. All on the loop.
struct LabHooks {
    /// Calls `Lab::expire` then, instead of when this was called before; nothing: never.
    std::function<void(std::optional<Clock::Monotonic> when)> wake_at;
    /// Keeps why a rig may not be driven, so that it is still so after a restart. May throw.
    std::function<void(const std::string& rig, const std::vector<RigBlock>& blocks)> keep_blocks;
    /// An emergency stop of the rig is acknowledged; called before anybody can be granted it, so
    /// that whoever lost it may get in line at the place that he had.
    std::function<void(const std::string& rig)> acknowledged;
};

/// The rigs of a lab, who may drive them, and how anybody stops them.
///
/// Whatever ends a lease, what its rigs are doing is aborted, and they are made safe before anybody
/// else gets them; simulations that were displaced under it are put back. A rig that cannot be made
/// safe is blocked until a person acknowledges, and tried again every few seconds meanwhile. So is
/// one that cannot be made safe at the start, see `begin`.
///
/// Thread rule: the loop's thread, the one on which `post` runs what it is given.
class Lab {
  public:
    using Post = std::function<void(std::function<void()>)>;
    using Done = std::function<void()>;

    /// The clock outlives the lab.
    Lab(const Clock& clock, Post post);
    Lab(const Lab&) = delete;
    Lab& operator=(const Lab&) = delete;
    /// Closes every rig.
    ~Lab();

    void set_hooks(LabHooks hooks) { hooks_ = std::move(hooks); }

    /// Becomes true when the lab is gone and left a thread behind whose driver did not return.
    [[nodiscard]] std::shared_ptr<const bool> left_behind() const { return left_behind_; }

    /// Nobody gets one that is not known to be safe, or is made of instruments, before `begin`.
    void add(std::unique_ptr<RigThread> rig);

    /// Makes a rig that is made of instruments safe once more, `second_look` from now; then it is
    /// known. To be called once, with all rigs and the blocks of before a restart, before anybody
    /// gets a lease.
    ///
    /// A rig that cannot be made safe is blocked as at the end of a lease. But where an instrument
    /// of it was never reached, as one that is switched off, the block is lifted when the rig is
    /// reached and safe, and is not kept.
    void begin(Seconds second_look);

    /// All rigs, in the order in which they were added.
    [[nodiscard]] const std::vector<std::unique_ptr<RigThread>>& rigs() const { return rigs_; }
    /// Throws NOT_FOUND naming the rigs that there are.
    [[nodiscard]] RigThread& rig(const std::string& name) const;
    /// To look at.
    [[nodiscard]] const LeaseTable& leases() const noexcept { return leases_; }
    [[nodiscard]] std::string holder(const std::string& name) const { return leases_.holder(name); }
    [[nodiscard]] std::string in_the_way(const std::set<std::string>& rigs) const {
        return leases_.in_the_way(rigs);
    }

    // Leases; see LeaseTable.

    LeaseId wait_for(LeaseTerms terms, LeaseEvents events);
    LeaseId take(LeaseTerms terms, LeaseEvents events);
    void end(LeaseId id);
    void release(LeaseId id);
    void renew(LeaseId id);
    void expire();
    LeaseView break_lease(const std::string& rig, const std::string& why);
    void take_away(LeaseId id, const std::string& why);
    void prioritise(LeaseId id, int priority);

    // Blocks. All throw NOT_FOUND, and what `keep_blocks` throws once the rest is done.

    /// Emergency stop of these rigs by `by`, for the reason `note`. `done` is called when each of
    /// them is safe, or could not be made so. Throws NOT_FOUND only.
    void stop(const std::vector<std::string>& names, const std::string& by, const std::string& note,
              Done done);
    /// Throws FAILED_PRECONDITION when there is nothing to acknowledge.
    void acknowledge(const std::string& name);
    /// As `stop`, but until it is enabled.
    void disable(const std::string& name, const std::string& by, const std::string& note,
                 Done done);
    /// Throws FAILED_PRECONDITION when it is not disabled.
    void enable(const std::string& name);
    /// Blocks of before a restart; before anybody gets a lease.
    void restore_blocks(const std::string& name, const std::vector<RigBlock>& blocks);

  private:
    LeaseId add_events(LeaseId id, LeaseEvents events);
    /// Does what the table's news say.
    void deliver();
    void tell_granted(LeaseId id, const std::stop_token& over);
    void tell_lost(LeaseId id, LeaseEnd how, const std::string& why);
    void block(const std::string& name, BlockKind kind, const std::string& by,
               const std::string& note);
    void keep_blocks(const std::string& name) const;
    /// Makes a rig safe after a pause, again and again until it is, and hands it on.
    void settle(const std::string& name, Seconds pause);
    void settled(const std::string& name, const SafeState& state);
    /// Blocks a rig that could not be made safe.
    void doubt(const std::string& name, const std::string& reason);
    /// Calls `done` once all of these settled, or could not.
    void when_settled(const std::vector<std::string>& names, Done done);

    const Clock& clock_;
    Post post_;
    LabHooks hooks_;
    std::vector<std::unique_ptr<RigThread>> rigs_;
    LeaseTable leases_;
    std::map<LeaseId, LeaseEvents> events_; ///< of leases that are not over, or not known to be
    std::map<std::string, std::vector<Done>> settling_; ///< who waits for it, by rig
    /// Rigs that were never safe since `begin`; a block for it is not kept, and lifted by itself.
    std::set<std::string> starting_;
    std::shared_ptr<bool> left_behind_ = std::make_shared<bool>(false);
};

} // namespace phyll::rig
