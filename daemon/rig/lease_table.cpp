#include "daemon/rig/lease_table.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace phyll::rig {
namespace {

/// So many leases that are over are remembered, for those who come with their token.
constexpr std::size_t most_past = 256;

LeaseId place_of(LeaseId id, const LeaseTerms& terms) {
    return terms.place != 0 ? terms.place : id;
}

} // namespace

std::string in_words(const RigBlock& block) {
    const char* what = block.kind == BlockKind::stopped    ? "stopped"
                       : block.kind == BlockKind::disabled ? "disabled"
                                                           : "not known to be safe";
    return fmt::format("{}{}{}", what, block.by.empty() ? "" : " by " + block.by,
                       block.note.empty() ? "" : ": " + block.note);
}

// ---- Coming and going

LeaseId LeaseTable::wait_for(LeaseTerms terms) {
    const LeaseId id = ++last_;
    insert({.id = id, .terms = std::move(terms), .since = now()});
    grant_waiting();
    return id;
}

LeaseId LeaseTable::take(LeaseTerms terms) {
    if (const std::string other = obstacle(terms.rigs); !other.empty()) {
        throw Error(Code::failed_precondition,
                    fmt::format("{}; wait for it or ask again later", other));
    }
    return wait_for(std::move(terms));
}

void LeaseTable::end(LeaseId id) {
    if (held_.contains(id)) {
        static_cast<void>(take_out(id, "its holder ended it"));
    } else {
        std::erase_if(waiting_, [&](const Lease& lease) { return lease.id == id; });
    }
    grant_waiting();
}

void LeaseTable::release(LeaseId id) {
    if (held_.contains(id)) {
        lose(id, LeaseEnd::released, "its holder released it");
        grant_waiting();
    } else {
        end(id);
    }
}

void LeaseTable::renew(LeaseId id) {
    const auto found = held_.find(id);
    if (found == held_.end()) {
        throw Error(Code::aborted, "the lease is over");
    }
    Lease& lease = found->second;
    if (lease.terms.time_to_live.count() > 0) {
        lease.ends = Deadline::after(clock_, lease.terms.time_to_live).at();
    }
}

void LeaseTable::expire() {
    const Clock::Monotonic present = clock_.now();
    std::vector<LeaseId> late;
    for (const auto& [id, lease] : held_) {
        if (lease.ends <= present) {
            late.push_back(id);
        }
    }
    for (const LeaseId id : late) {
        lose(id, LeaseEnd::expired,
             fmt::format("the lease was not renewed within its {:g} s",
                         held_.at(id).terms.time_to_live.count()));
    }
    grant_waiting();
}

std::optional<Clock::Monotonic> LeaseTable::next_expiry() const {
    std::optional<Clock::Monotonic> next;
    for (const auto& [id, lease] : held_) {
        if (lease.ends != Clock::Monotonic::max() && (!next || lease.ends < *next)) {
            next = lease.ends;
        }
    }
    return next;
}

LeaseView LeaseTable::break_lease(const std::string& rig, const std::string& why) {
    const auto found = lease_of_.find(rig);
    if (found == lease_of_.end()) {
        throw Error(Code::failed_precondition,
                    fmt::format("nobody holds {}; there is nothing to break", rig));
    }
    const LeaseId id = found->second;
    LeaseView broken = view_of(held_.at(id), false);
    lose(id, LeaseEnd::broken, why);
    grant_waiting();
    return broken;
}

void LeaseTable::take_away(LeaseId id, const std::string& why) {
    if (held_.contains(id)) {
        lose(id, LeaseEnd::broken, why);
    } else if (std::erase_if(waiting_, [&](const Lease& lease) { return lease.id == id; }) > 0) {
        news_.push_back(
            {.what = News::What::lost, .lease = id, .how = LeaseEnd::broken, .why = why});
    }
    grant_waiting();
}

void LeaseTable::prioritise(LeaseId id, int priority) {
    const auto found = std::ranges::find(waiting_, id, &Lease::id);
    if (found == waiting_.end()) {
        if (const auto held = held_.find(id); held != held_.end()) {
            held->second.terms.priority = priority;
        }
        return;
    }
    Lease lease = std::move(*found);
    waiting_.erase(found);
    lease.terms.priority = priority;
    insert(std::move(lease));
    grant_waiting();
}

void LeaseTable::made_safe(const std::string& rig) {
    settling_.erase(rig);
    grant_waiting();
}

// ---- Blocks

void LeaseTable::block(const std::string& rig, const RigBlock& block) {
    blocks_[rig][block.kind] = block;
    const auto found = lease_of_.find(rig);
    if (block.kind == BlockKind::not_safe) {
        // It settles already; but it keeps nobody waiting any more who wants others beside it.
    } else if (found != lease_of_.end()) {
        lose(found->second,
             block.kind == BlockKind::stopped ? LeaseEnd::stopped : LeaseEnd::disabled,
             fmt::format("{} is {}", rig, in_words(block)));
    } else if (!settling_.contains(rig)) {
        settle(rig, 0, {});
    }
    grant_waiting();
}

void LeaseTable::unblock(const std::string& rig, BlockKind kind) {
    if (const auto found = blocks_.find(rig); found != blocks_.end()) {
        found->second.erase(kind);
        if (found->second.empty()) {
            blocks_.erase(found);
        }
    }
    grant_waiting();
}

std::vector<RigBlock> LeaseTable::blocks(const std::string& rig) const {
    std::vector<RigBlock> out;
    if (const auto found = blocks_.find(rig); found != blocks_.end()) {
        for (const auto& [kind, block] : found->second) {
            out.push_back(block);
        }
    }
    return out;
}

// ---- Looking

LeaseId LeaseTable::find(const std::string& token) const {
    const auto has_token = [&](const Lease& lease) { return lease.terms.token == token; };
    if (!token.empty()) {
        for (const auto& [id, lease] : held_) {
            if (has_token(lease)) {
                return id;
            }
        }
        if (const auto found = std::ranges::find_if(waiting_, has_token); found != waiting_.end()) {
            return found->id;
        }
        if (const auto past = std::ranges::find(past_, token, &Past::token); past != past_.end()) {
            throw Error(Code::aborted,
                        fmt::format("the lease is over: {}; take another", past->how));
        }
    }
    throw Error(Code::not_found, "no lease has this token; it may have ended long ago, or before "
                                 "phylld was started; take another");
}

Grant LeaseTable::use(const std::string& token, const std::string& rig) const {
    const LeaseId id = find(token);
    const auto found = held_.find(id);
    if (found == held_.end()) {
        throw Error(Code::failed_precondition, "the lease is not held yet: it waits in line");
    }
    const Lease& lease = found->second;
    if (!lease.terms.rigs.contains(rig)) {
        throw Error(Code::failed_precondition, fmt::format("the lease is on {}, not on {}",
                                                           fmt::join(lease.terms.rigs, ", "), rig));
    }
    if (lease.ends <= clock_.now()) {
        throw Error(Code::aborted, "the lease is over: it was not renewed in time; take another");
    }
    return {.id = id, .over = lease.over.get_token()};
}

std::string LeaseTable::holder(const std::string& rig) const {
    const auto found = lease_of_.find(rig);
    return found == lease_of_.end() ? std::string() : held_.at(found->second).terms.holder;
}

std::string LeaseTable::in_the_way(const std::set<std::string>& rigs) const {
    for (const std::string& rig : rigs) {
        if (std::string other = holder(rig); !other.empty()) {
            return other;
        }
    }
    for (const Lease& lease : waiting_) {
        if (std::ranges::any_of(rigs,
                                [&](const auto& rig) { return lease.terms.rigs.contains(rig); })) {
            return lease.terms.holder;
        }
    }
    return {};
}

std::string LeaseTable::obstacle(const std::set<std::string>& rigs, LeaseId self) const {
    for (const std::string& rig : rigs) {
        if (const std::vector<RigBlock> why = blocks(rig); !why.empty()) {
            return fmt::format("{} is {}", rig, in_words(why.front()));
        }
        const auto found = lease_of_.find(rig);
        if (found != lease_of_.end() && found->second != self) {
            return fmt::format("{} is held by {}", rig, holder(rig));
        }
    }
    for (const Lease& lease : waiting_) {
        if (lease.id == self) {
            break;
        }
        if (is_blocked(lease.terms)) {
            continue;
        }
        const auto shared = std::ranges::find_if(
            rigs, [&](const auto& rig) { return lease.terms.rigs.contains(rig); });
        if (shared != rigs.end()) {
            return fmt::format("{} is waited for by {}", *shared, lease.terms.holder);
        }
    }
    return {};
}

LeaseView LeaseTable::view(LeaseId id) const {
    if (const auto held = held_.find(id); held != held_.end()) {
        return view_of(held->second, false);
    }
    const auto waiting = std::ranges::find(waiting_, id, &Lease::id);
    if (waiting == waiting_.end()) {
        throw Error(Code::not_found, fmt::format("there is no lease {}", id));
    }
    return view_of(*waiting, true);
}

std::vector<LeaseView> LeaseTable::leases() const {
    std::vector<LeaseView> out;
    for (const auto& [id, lease] : held_) {
        out.push_back(view_of(lease, false));
    }
    for (const Lease& lease : waiting_) {
        out.push_back(view_of(lease, true));
    }
    return out;
}

LeaseView LeaseTable::view_of(const Lease& lease, bool waiting) const {
    LeaseView view{.id = lease.id, .terms = lease.terms, .waiting = waiting, .since = lease.since};
    if (waiting) {
        view.waits_for = obstacle(lease.terms.rigs, lease.id);
    } else if (lease.ends != Clock::Monotonic::max()) {
        view.left = std::max(Seconds(lease.ends - clock_.now()), Seconds(0));
    }
    return view;
}

double LeaseTable::now() const {
    return std::chrono::duration<double>(clock_.wall().time_since_epoch()).count();
}

// ---- The line

void LeaseTable::insert(Lease lease) {
    const auto before = std::ranges::find_if(waiting_, [&](const Lease& other) {
        return other.terms.priority < lease.terms.priority ||
               (other.terms.priority == lease.terms.priority &&
                place_of(other.id, other.terms) > place_of(lease.id, lease.terms));
    });
    waiting_.insert(before, std::move(lease));
}

bool LeaseTable::is_blocked(const LeaseTerms& terms) const {
    return std::ranges::any_of(terms.rigs,
                               [&](const std::string& rig) { return blocks_.contains(rig); });
}

bool LeaseTable::may_be_driven(const std::string& rig) const {
    return !lease_of_.contains(rig) && !settling_.contains(rig) && !blocks_.contains(rig);
}

void LeaseTable::grant_waiting() {
    std::set<std::string> spoken_for;
    for (auto it = waiting_.begin(); it != waiting_.end();) {
        const std::set<std::string>& rigs = it->terms.rigs;
        const bool ready =
            !it->terms.placeholder && std::ranges::all_of(rigs, [&](const std::string& rig) {
                return may_be_driven(rig) && !spoken_for.contains(rig);
            });
        if (ready) {
            Lease lease = std::move(*it);
            it = waiting_.erase(it);
            grant(std::move(lease));
        } else {
            if (!is_blocked(it->terms)) {
                spoken_for.insert(rigs.begin(), rigs.end());
            }
            ++it;
        }
    }
}

void LeaseTable::grant(Lease lease) {
    for (const std::string& rig : lease.terms.rigs) {
        lease_of_[rig] = lease.id;
    }
    if (lease.terms.time_to_live.count() > 0) {
        lease.ends = Deadline::after(clock_, lease.terms.time_to_live).at();
    }
    lease.since = now();
    news_.push_back({.what = News::What::granted, .lease = lease.id, .over = lease.over});
    held_.emplace(lease.id, std::move(lease));
}

void LeaseTable::lose(LeaseId id, LeaseEnd how, const std::string& why) {
    // The holder is to know of it before its rigs change under it.
    news_.push_back(
        {.what = News::What::lost, .lease = id, .over = held_.at(id).over, .how = how, .why = why});
    static_cast<void>(take_out(id, why));
}

void LeaseTable::settle(const std::string& rig, LeaseId id, const std::stop_source& over) {
    settling_.insert(rig);
    news_.push_back({.what = News::What::settle, .lease = id, .over = over, .rig = rig});
}

LeaseTable::Lease LeaseTable::take_out(LeaseId id, const std::string& how) {
    auto node = held_.extract(id);
    Lease lease = std::move(node.mapped());
    for (const std::string& rig : lease.terms.rigs) {
        lease_of_.erase(rig);
        settle(rig, id, lease.over);
    }
    if (!lease.terms.token.empty()) {
        past_.push_back({lease.terms.token, how});
        if (past_.size() > most_past) {
            past_.pop_front();
        }
    }
    return lease;
}

} // namespace phyll::rig
