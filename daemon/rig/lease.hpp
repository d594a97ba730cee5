#pragma once

#include "drivers/core/clock.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

namespace phyll::rig {

using LeaseId = std::uint64_t;

/// What somebody wants rigs for.
struct LeaseTerms {
    std::set<std::string> rigs{};
    std::string holder{}; ///< "run 3", "a query by local user anna (uid 1000)"
    std::string note{};
    int priority = 0; ///< of those that wait for the same rigs, larger ones are served first
    /// How long it lasts without being renewed; 0: until its holder ends it.
    Seconds time_to_live{0};
    /// The place in the line of an earlier lease, which the holder keeps; 0: at the end.
    LeaseId place = 0;
    /// It keeps a place in the line for who is not ready yet: is granted nothing, and passed by
    /// nobody.
    bool placeholder = false;
    /// With which it is renewed and used by who has no other way to name it; empty: nobody.
    std::string token{};
};

/// A lease on rigs that are held.
struct Grant {
    LeaseId id = 0;
    /// Is requested when the lease ends, however, before the rigs are made safe: nothing may be
    /// asked of them after that.
    std::stop_token over{};
};

/// How a lease ended that its holder did not end.
enum class LeaseEnd {
    expired,  ///< it was not renewed within its time to live
    broken,   ///< an admin gave its rigs free
    released, ///< by whoever has its token
    stopped,  ///< emergency stop of one of its rigs
    disabled  ///< one of its rigs was tagged out
};

/// Called on the loop, never from inside the call that brings it about, and never after the holder
/// ended the lease.
struct LeaseEvents {
    std::function<void(const Grant&)> granted;
    /// Somebody else ended it, and why; before `granted` only where it was taken away in line.
    std::function<void(LeaseEnd how, const std::string& why)> lost{};
};

/// Why nobody may drive a rig.
enum class BlockKind {
    stopped,  ///< emergency stop; until a person acknowledges
    not_safe, ///< it could not be made safe; until a person acknowledges
    disabled  ///< tagged out; until it is enabled
};

struct RigBlock {
    BlockKind kind = BlockKind::stopped;
    std::string note{};
    std::string by{};   ///< who did it; empty of `not_safe`
    double since = 0.0; ///< seconds since 1970, UTC

    bool operator==(const RigBlock&) const = default;
};

/// "stopped by local user anna (uid 1000): smoke"
[[nodiscard]] std::string in_words(const RigBlock& block);

/// A lease as whoever looks sees it.
struct LeaseView {
    LeaseId id = 0;
    LeaseTerms terms{};
    bool waiting = false;
    Seconds left{0};         ///< of one with a time to live that is held
    std::string waits_for{}; ///< of one that waits: "cavity is held by run 3"
    double since = 0.0;      ///< held or waiting so long; seconds since 1970, UTC
};

} // namespace phyll::rig
