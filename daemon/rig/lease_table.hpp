#pragma once

#include "daemon/rig/lease.hpp"

#include <cstddef>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace phyll::rig {

/// Who may drive which rig: exclusive leases for sets of rigs, all or none.
///
///   a rig is | and then             | is
///   free     | a lease is granted   | leased
///   leased   | its lease ends       | settling
///   free     | it is doubted        | settling
///   settling | it was made safe     | free
///
/// Beside that it may be blocked, for one reason or several: a lease on it ends then, and none is
/// granted until each of them is lifted. What settles goes on settling.
///
///   a lease is | and then                                                   | is
///   waiting    | its rigs are free, not blocked, and nobody before it in    | held
///              | the line waits for one of them                             |
///   waiting    | its holder ends it                                         | over
///   held       | it is renewed                                              | held, for a whole
///   time to live held       | its time to live has passed, it is broken, one of its rigs | over
///   (lost)
///              | is stopped or disabled                                     |
///   held       | its holder ends it                                         | over
///   held       | it is released by its token                                | over (lost)
///
/// The line is in the order of priority, then of place: first come, first served. A waiting set
/// keeps its place on each of its rigs, so that large sets do not starve; but while one of them is
/// blocked others may overtake it. A rig is handed on only after it was made safe.
///
/// The table calls nobody: what follows from a change is news, which is taken after it.
/// Thread rule: one thread.
class LeaseTable {
  public:
    /// What somebody has to be told, in order.
    struct News {
        enum class What { granted, lost, settle };
        What what = What::granted;
        LeaseId lease = 0;       ///< of all
        std::stop_source over{}; ///< of `granted` and `lost`: to be requested when it is lost
        std::string rig{};       ///< of `settle`: is to be made safe, see `made_safe`
        LeaseEnd how = LeaseEnd::expired; ///< of `lost`
        std::string why{};                ///< of `lost`
    };

    /// The clock outlives the table.
    explicit LeaseTable(const Clock& clock) : clock_(clock) {}

    /// Gets in line. A set without rigs is granted at once.
    LeaseId wait_for(LeaseTerms terms);
    /// The same without waiting for others: throws FAILED_PRECONDITION naming what is in the way.
    /// A rig that is only being made safe is waited for.
    LeaseId take(LeaseTerms terms);

    /// The holder ends a lease, or leaves the line. Unknown ids are ignored. The `over` of what it
    /// was granted is requested by whoever takes the news that its rigs are to settle.
    void end(LeaseId id);
    /// The same by whoever has its token: its holder is told that it is lost.
    void release(LeaseId id);
    /// The time to live begins anew, also where it has passed and `expire` has not been called:
    /// that is what gives a heartbeat its turn that waited while somebody else was late. Throws
    /// ABORTED when it is over.
    void renew(LeaseId id);
    /// Ends what was not renewed in time.
    void expire();
    /// When `expire` has something to do; nothing: never, as things are.
    [[nodiscard]] std::optional<Clock::Monotonic> next_expiry() const;
    /// Ends the lease on a rig, whoever holds it, and returns what it was. Throws
    /// FAILED_PRECONDITION when nobody holds it.
    LeaseView break_lease(const std::string& rig, const std::string& why);
    /// The same of any lease, also of one that waits; unknown ids are ignored.
    void take_away(LeaseId id, const std::string& why);
    void prioritise(LeaseId id, int priority);

    /// A rig that nobody holds settles from here on, as one that was leased; no news say so.
    void doubt(const std::string& rig) { settling_.insert(rig); }
    /// A rig that settles was made safe.
    void made_safe(const std::string& rig);
    [[nodiscard]] bool settling(const std::string& rig) const { return settling_.contains(rig); }

    /// Blocks a rig, which is to settle where it is stopped or disabled, leased or not. A block of
    /// the same kind is replaced.
    void block(const std::string& rig, const RigBlock& block);
    void unblock(const std::string& rig, BlockKind kind);
    /// In the order of BlockKind.
    [[nodiscard]] std::vector<RigBlock> blocks(const std::string& rig) const;

    /// The lease that has this token, held or waiting. Throws NOT_FOUND for a token that never was
    /// one, ABORTED with how it ended for one that was.
    [[nodiscard]] LeaseId find(const std::string& token) const;
    /// The lease with this token, which must be held and cover the rig. Throws as `find` does, and
    /// FAILED_PRECONDITION naming what it covers.
    [[nodiscard]] Grant use(const std::string& token, const std::string& rig) const;

    /// Who holds the rig; empty when nobody does, also while it is made safe.
    [[nodiscard]] std::string holder(const std::string& rig) const;
    /// Who holds or waits for one of the rigs, of those who came before everybody that comes now.
    [[nodiscard]] std::string in_the_way(const std::set<std::string>& rigs) const;
    /// What keeps somebody with these terms from being granted now: "cavity is held by run 3";
    /// empty: nothing, or only that a rig is being made safe. `self` is not in its own way.
    [[nodiscard]] std::string obstacle(const std::set<std::string>& rigs, LeaseId self = 0) const;
    [[nodiscard]] LeaseView view(LeaseId id) const;
    /// Those that are held, then those that wait, in the order of the line.
    [[nodiscard]] std::vector<LeaseView> leases() const;

    [[nodiscard]] std::vector<News> take_news() { return std::exchange(news_, {}); }

  private:
    struct Lease {
        LeaseId id = 0;
        LeaseTerms terms;
        std::stop_source over{};
        Clock::Monotonic ends = Clock::Monotonic::max();
        double since = 0.0;
    };
    struct Past {
        std::string token;
        std::string how;
    };

    void insert(Lease lease);
    void grant_waiting();
    void grant(Lease lease);
    void lose(LeaseId id, LeaseEnd how, const std::string& why);
    /// Takes a held lease out, with its rigs to settle.
    Lease take_out(LeaseId id, const std::string& how);
    void settle(const std::string& rig, LeaseId id, const std::stop_source& over);
    [[nodiscard]] bool is_blocked(const LeaseTerms& terms) const;
    [[nodiscard]] bool may_be_driven(const std::string& rig) const;
    [[nodiscard]] LeaseView view_of(const Lease& lease, bool waiting) const;
    [[nodiscard]] double now() const;

    const Clock& clock_;
    LeaseId last_ = 0;
    std::map<LeaseId, Lease> held_;
    std::list<Lease> waiting_;                ///< in the order of the line
    std::map<std::string, LeaseId> lease_of_; ///< of leased rigs
    std::set<std::string> settling_;
    std::map<std::string, std::map<BlockKind, RigBlock>> blocks_;
    std::deque<Past> past_; ///< the latest that had a token
    std::vector<News> news_;
};

} // namespace phyll::rig
