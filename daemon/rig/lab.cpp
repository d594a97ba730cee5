#include "daemon/rig/lab.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <utility>

namespace phyll::rig {
namespace {

/// Between attempts to make a rig safe that could not be.
constexpr Seconds between_attempts{2};

bool any_of_kind(const std::vector<RigBlock>& blocks, BlockKind kind) {
    return std::ranges::find(blocks, kind, &RigBlock::kind) != blocks.end();
}

/// Whether each of its instruments has said at some time what it is.
bool was_reached(const RigThread& rig) {
    return std::ranges::all_of(rig.instruments(), [](const InstrumentView& instrument) {
        return instrument.status.identity.known();
    });
}

} // namespace

Lab::Lab(const Clock& clock, Post post) : clock_(clock), post_(std::move(post)), leases_(clock) {}

Lab::~Lab() {
    // At once: a rig that cannot be reached must not keep the others driven.
    std::vector<std::future<bool>> whole;
    whole.reserve(rigs_.size());
    for (const auto& rig : rigs_) {
        whole.push_back(std::async(std::launch::async, [&rig] { return rig->close(); }));
    }
    for (std::future<bool>& each : whole) {
        if (!each.get()) {
            *left_behind_ = true;
        }
    }
}

void Lab::add(std::unique_ptr<RigThread> rig) {
    // One made of instruments is looked at once more, by `begin`.
    if (rig->calibration() || rig->status().safe_state.state != SafeState::State::safe) {
        leases_.doubt(rig->name());
    }
    rigs_.push_back(std::move(rig));
}

void Lab::begin(Seconds second_look) {
    for (const auto& rig : rigs_) {
        const std::string& name = rig->name();
        const SafeState state = rig->status().safe_state;
        const bool looks_again = rig->calibration() != nullptr;
        if (!looks_again && state.state == SafeState::State::safe) {
            continue; // one that is blocked is made safe for that
        }
        // A block of before the restart is for a person to lift, whatever is found now.
        if (!any_of_kind(leases_.blocks(name), BlockKind::not_safe)) {
            starting_.insert(name);
        }
        if (looks_again) {
            settle(name, second_look);
        } else {
            settled(name, state);
        }
    }
}

RigThread& Lab::rig(const std::string& name) const {
    const auto found = std::ranges::find(rigs_, name, [](const auto& rig) { return rig->name(); });
    if (found != rigs_.end()) {
        return **found;
    }
    std::vector<std::string> names;
    std::ranges::transform(rigs_, std::back_inserter(names),
                           [](const auto& rig) { return rig->name(); });
    throw Error(
        Code::not_found,
        fmt::format("no rig is named '{}'; there {}", name,
                    names.empty() ? "is none" : fmt::format("are: {}", fmt::join(names, ", "))));
}

// ---- Leases

LeaseId Lab::wait_for(LeaseTerms terms, LeaseEvents events) {
    return add_events(leases_.wait_for(std::move(terms)), std::move(events));
}

LeaseId Lab::take(LeaseTerms terms, LeaseEvents events) {
    return add_events(leases_.take(std::move(terms)), std::move(events));
}

LeaseId Lab::add_events(LeaseId id, LeaseEvents events) {
    events_.emplace(id, std::move(events));
    deliver();
    return id;
}

void Lab::end(LeaseId id) {
    events_.erase(id);
    leases_.end(id);
    deliver();
}

void Lab::release(LeaseId id) {
    leases_.release(id);
    deliver();
}

void Lab::renew(LeaseId id) {
    leases_.renew(id);
    deliver();
}

void Lab::expire() {
    leases_.expire();
    deliver();
}

LeaseView Lab::break_lease(const std::string& name, const std::string& why) {
    static_cast<void>(rig(name));
    LeaseView broken = leases_.break_lease(name, why);
    deliver();
    return broken;
}

void Lab::take_away(LeaseId id, const std::string& why) {
    leases_.take_away(id, why);
    deliver();
}

void Lab::prioritise(LeaseId id, int priority) {
    leases_.prioritise(id, priority);
    deliver();
}

void Lab::deliver() {
    for (LeaseTable::News& news : leases_.take_news()) {
        switch (news.what) {
        case LeaseTable::News::What::granted:
            post_(
                [this, id = news.lease, over = news.over.get_token()] { tell_granted(id, over); });
            break;
        case LeaseTable::News::What::lost:
            // Posted first: what the holder's threads have to say of it comes after it.
            post_([this, id = news.lease, how = news.how, why = news.why] {
                tell_lost(id, how, why);
            });
            news.over.request_stop();
            break;
        case LeaseTable::News::What::settle:
            news.over.request_stop();
            rig(news.rig).abort();
            settle(news.rig, Seconds(0));
            break;
        }
    }
    if (hooks_.wake_at) {
        hooks_.wake_at(leases_.next_expiry());
    }
}

void Lab::tell_granted(LeaseId id, const std::stop_token& over) {
    if (const auto found = events_.find(id); found != events_.end()) {
        const auto granted = found->second.granted; // it may end the lease
        granted({.id = id, .over = over});
    }
}

void Lab::tell_lost(LeaseId id, LeaseEnd how, const std::string& why) {
    const auto events = events_.extract(id);
    if (events && events.mapped().lost) {
        events.mapped().lost(how, why);
    }
}

// ---- Blocks

void Lab::stop(const std::vector<std::string>& names, const std::string& by,
               const std::string& note, Done done) {
    for (const std::string& name : names) {
        static_cast<void>(rig(name));
    }
    for (const std::string& name : names) {
        block(name, BlockKind::stopped, by, note);
    }
    when_settled(names, std::move(done));
    for (const std::string& name : names) {
        try {
            keep_blocks(name);
        } catch (const Error& error) {
            spdlog::error("that rig {} is stopped will not survive a restart: {}", in_quotes(name),
                          error.what());
        }
    }
}

void Lab::acknowledge(const std::string& name) {
    static_cast<void>(rig(name));
    const std::vector<RigBlock> blocks = leases_.blocks(name);
    if (!any_of_kind(blocks, BlockKind::stopped) && !any_of_kind(blocks, BlockKind::not_safe)) {
        throw Error(Code::failed_precondition,
                    fmt::format("{} was not stopped, and is not in an unknown state; there is "
                                "nothing to acknowledge",
                                name));
    }
    if (any_of_kind(blocks, BlockKind::stopped) && hooks_.acknowledged) {
        hooks_.acknowledged(name);
    }
    leases_.unblock(name, BlockKind::stopped);
    if (any_of_kind(blocks, BlockKind::not_safe)) {
        starting_.erase(name);
        leases_.unblock(name, BlockKind::not_safe);
        leases_.made_safe(name); // a person vouches for it
    }
    deliver();
    keep_blocks(name);
}

void Lab::disable(const std::string& name, const std::string& by, const std::string& note,
                  Done done) {
    static_cast<void>(rig(name));
    block(name, BlockKind::disabled, by, note);
    when_settled({name}, std::move(done));
    keep_blocks(name);
}

void Lab::enable(const std::string& name) {
    static_cast<void>(rig(name));
    if (!any_of_kind(leases_.blocks(name), BlockKind::disabled)) {
        throw Error(Code::failed_precondition, fmt::format("{} is not disabled", name));
    }
    leases_.unblock(name, BlockKind::disabled);
    deliver();
    keep_blocks(name);
}

void Lab::restore_blocks(const std::string& name, const std::vector<RigBlock>& blocks) {
    for (const RigBlock& block : blocks) {
        leases_.block(name, block);
    }
    deliver();
}

void Lab::block(const std::string& name, BlockKind kind, const std::string& by,
                const std::string& note) {
    const double now = std::chrono::duration<double>(clock_.wall().time_since_epoch()).count();
    leases_.block(name, {.kind = kind, .note = note, .by = by, .since = now});
    deliver();
}

void Lab::keep_blocks(const std::string& name) const {
    if (!hooks_.keep_blocks) {
        return;
    }
    std::vector<RigBlock> blocks = leases_.blocks(name);
    if (starting_.contains(name)) { // what may be lifted by itself
        std::erase_if(blocks, [](const RigBlock& b) { return b.kind == BlockKind::not_safe; });
    }
    hooks_.keep_blocks(name, blocks);
}

// ---- Making safe

void Lab::settle(const std::string& name, Seconds pause) {
    rig(name).hand_back(pause, [this, name](const SafeState& state) {
        post_([this, name, state] { settled(name, state); });
    });
}

void Lab::settled(const std::string& name, const SafeState& state) {
    const bool handed_on = !leases_.settling(name); // a person vouched for it meanwhile
    if (state.state == SafeState::State::safe) {
        if (starting_.erase(name) != 0 && any_of_kind(leases_.blocks(name), BlockKind::not_safe)) {
            spdlog::info("rig {} is reached, and safe", in_quotes(name));
            leases_.unblock(name, BlockKind::not_safe);
        }
        leases_.made_safe(name);
        deliver();
    } else if (!handed_on) {
        doubt(name, state.reason);
        if (!rig(name).given_up()) {
            settle(name, between_attempts);
        }
    }
    if (const auto waiting = settling_.extract(name)) {
        for (const Done& done : waiting.mapped()) {
            done();
        }
    }
}

void Lab::doubt(const std::string& name, const std::string& reason) {
    const bool blocked = any_of_kind(leases_.blocks(name), BlockKind::not_safe);
    if (starting_.contains(name) && !was_reached(rig(name)) && !rig(name).given_up()) {
        if (!blocked) {
            spdlog::error("rig {} is not known to be safe: {}; nobody gets it until it is reached "
                          "and safe, or that is acknowledged",
                          in_quotes(name), reason);
            block(name, BlockKind::not_safe, "", reason);
        }
        return;
    }
    if (starting_.erase(name) == 0 && blocked) {
        return;
    }
    spdlog::error("rig {} is not known to be safe: {}; nobody gets it until that is acknowledged",
                  in_quotes(name), reason);
    block(name, BlockKind::not_safe, "", reason);
    try {
        keep_blocks(name);
    } catch (const Error& error) {
        spdlog::error("that rig {} is blocked will not survive a restart: {}", in_quotes(name),
                      error.what());
    }
}

void Lab::when_settled(const std::vector<std::string>& names, Done done) {
    const auto left = std::make_shared<std::size_t>(1);
    const Done one_less = [left, done = std::move(done)] {
        if (--*left == 0) {
            done();
        }
    };
    for (const std::string& name : names) {
        // Of one whose driver was given up there is nothing to wait for: its status says how it is.
        if (leases_.settling(name) && !rig(name).given_up()) {
            ++*left;
            settling_[name].push_back(one_less);
        }
    }
    post_(one_less);
}

} // namespace phyll::rig
