#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace phyll::rig {

using LeaseId = std::uint64_t;

/// Who may drive which rig: exclusive leases for sets of rigs, all or none, first come first
/// served.
///
///   state of a rig | granted        | lease ends             | made safe
///   free           | -> leased      |                        |
///   leased         |                | -> settling            |
///   settling       |                |                        | -> free, next in line is granted
///
/// A waiting set keeps its place on each of its rigs: nobody who came later overtakes it there, so
/// that large sets do not starve. Rigs are handed on only after they were made safe.
/// Thread rule: one thread.
class LeaseTable {
  public:
    using Granted = std::function<void(LeaseId)>;

    /// A lease on `rigs`, for `holder` ("run 3"). `granted` is called, from inside this call or
    /// later, once all rigs are held; never after `end`.
    LeaseId wait_for(std::set<std::string> rigs, std::string holder, Granted granted);

    /// The same without waiting for others: throws FAILED_PRECONDITION naming who holds or waits
    /// for a rig. A rig that is only being made safe is waited for.
    LeaseId take(std::set<std::string> rigs, std::string holder, Granted granted);

    /// Ends a lease or withdraws one that still waits. Returns the rigs to be made safe, each of
    /// which is handed on after `made_safe`. Unknown ids are ignored.
    [[nodiscard]] std::vector<std::string> end(LeaseId id);

    void made_safe(const std::string& rig);

    /// Who holds the rig; empty when nobody does, also while it is made safe.
    [[nodiscard]] std::string holder(const std::string& rig) const;

    /// Who holds or waits for one of the rigs, of those who came before everybody that comes now.
    [[nodiscard]] std::string in_the_way(const std::set<std::string>& rigs) const;

  private:
    struct Lease {
        LeaseId id = 0;
        std::set<std::string> rigs;
        std::string holder;
        Granted granted; ///< empty once it was called
    };

    void grant_waiting();

    LeaseId last_ = 0;
    std::map<LeaseId, Lease> held_;
    std::list<Lease> waiting_;
    std::map<std::string, std::string> holder_of_; ///< of leased rigs
    std::set<std::string> settling_;
    bool granting_ = false;
};

} // namespace phyll::rig
