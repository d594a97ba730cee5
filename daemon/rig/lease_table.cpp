#include "daemon/rig/lease_table.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace phyll::rig {

LeaseId LeaseTable::wait_for(std::set<std::string> rigs, std::string holder, Granted granted) {
    const LeaseId id = ++last_;
    waiting_.push_back({id, std::move(rigs), std::move(holder), std::move(granted)});
    grant_waiting();
    return id;
}

LeaseId LeaseTable::take(std::set<std::string> rigs, std::string holder, Granted granted) {
    if (const std::string other = in_the_way(rigs); !other.empty()) {
        throw Error(Code::failed_precondition,
                    fmt::format("{} is held by {}; wait for it or ask again later",
                                fmt::join(rigs, ", "), other));
    }
    return wait_for(std::move(rigs), std::move(holder), std::move(granted));
}

std::vector<std::string> LeaseTable::end(LeaseId id) {
    if (const auto held = held_.extract(id)) {
        const std::set<std::string>& rigs = held.mapped().rigs;
        for (const std::string& rig : rigs) {
            holder_of_.erase(rig);
            settling_.insert(rig);
        }
        return {rigs.begin(), rigs.end()};
    }
    std::erase_if(waiting_, [&](const Lease& lease) { return lease.id == id; });
    grant_waiting();
    return {};
}

void LeaseTable::made_safe(const std::string& rig) {
    settling_.erase(rig);
    grant_waiting();
}

std::string LeaseTable::holder(const std::string& rig) const {
    const auto found = holder_of_.find(rig);
    return found == holder_of_.end() ? std::string() : found->second;
}

std::string LeaseTable::in_the_way(const std::set<std::string>& rigs) const {
    for (const std::string& rig : rigs) {
        if (const auto found = holder_of_.find(rig); found != holder_of_.end()) {
            return found->second;
        }
    }
    for (const Lease& lease : waiting_) {
        if (std::ranges::any_of(rigs, [&](const auto& rig) { return lease.rigs.contains(rig); })) {
            return lease.holder;
        }
    }
    return {};
}

void LeaseTable::grant_waiting() {
    if (granting_) {
        return; // a callback changed the table: the outer call starts over
    }
    granting_ = true;
    for (bool again = true; again;) {
        again = false;
        std::set<std::string> spoken_for;
        for (auto it = waiting_.begin(); it != waiting_.end(); ++it) {
            const bool ready = std::ranges::none_of(it->rigs, [&](const std::string& rig) {
                return holder_of_.contains(rig) || settling_.contains(rig) ||
                       spoken_for.contains(rig);
            });
            if (!ready) {
                spoken_for.insert(it->rigs.begin(), it->rigs.end());
                continue;
            }
            Lease lease = std::move(*it);
            waiting_.erase(it);
            for (const std::string& rig : lease.rigs) {
                holder_of_[rig] = lease.holder;
            }
            const Granted granted = std::exchange(lease.granted, nullptr);
            const LeaseId id = lease.id;
            held_.emplace(id, std::move(lease));
            granted(id);
            again = true;
            break;
        }
    }
    granting_ = false;
}

} // namespace phyll::rig
