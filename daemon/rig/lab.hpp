#pragma once

#include "daemon/rig/lease_table.hpp"
#include "daemon/rig/rig_thread.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace phyll::rig {

/// The rigs of a lab and who may drive them.
///
/// Thread rule: the loop's thread, the one on which `post` runs what it is given.
class Lab {
  public:
    using Post = std::function<void(std::function<void()>)>;

    explicit Lab(Post post) : post_(std::move(post)) {}
    Lab(const Lab&) = delete;
    Lab& operator=(const Lab&) = delete;
    /// Closes every rig.
    ~Lab();

    /// Becomes true when the lab is gone and left a thread behind whose driver did not return.
    [[nodiscard]] std::shared_ptr<const bool> left_behind() const { return left_behind_; }

    void add(std::unique_ptr<RigThread> rig);

    /// All rigs, in the order in which they were added.
    [[nodiscard]] const std::vector<std::unique_ptr<RigThread>>& rigs() const { return rigs_; }
    /// Throws NOT_FOUND naming the rigs that there are.
    [[nodiscard]] RigThread& rig(const std::string& name) const;
    [[nodiscard]] std::string holder(const std::string& name) const { return leases_.holder(name); }
    [[nodiscard]] std::string in_the_way(const std::set<std::string>& rigs) const {
        return leases_.in_the_way(rigs);
    }

    /// See LeaseTable. Ending a lease aborts what its rigs are doing and makes them safe before
    /// anybody else gets them.
    LeaseId wait_for(std::set<std::string> rigs, std::string holder, LeaseTable::Granted granted) {
        return leases_.wait_for(std::move(rigs), std::move(holder), std::move(granted));
    }
    LeaseId take(std::set<std::string> rigs, std::string holder, LeaseTable::Granted granted) {
        return leases_.take(std::move(rigs), std::move(holder), std::move(granted));
    }
    /// A rig that cannot be made safe is tried again every few seconds, and nobody gets it
    /// meanwhile.
    void end(LeaseId id);

  private:
    /// Makes a rig safe after a pause, again and again until it is, and hands it on.
    void settle(const std::string& name, Seconds pause);

    Post post_;
    std::vector<std::unique_ptr<RigThread>> rigs_;
    LeaseTable leases_;
    std::shared_ptr<bool> left_behind_ = std::make_shared<bool>(false);
};

} // namespace phyll::rig
