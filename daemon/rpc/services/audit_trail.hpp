#pragma once

#include "daemon/rpc/dispatcher.hpp"
#include "daemon/runs/store.hpp"
#include "drivers/core/clock.hpp"

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

namespace phyll::rpc {

/// Who did what, from where, and how it ended: kept in the store for good.
///
/// What is of the same kind (who, from where, what, how it ended) within a minute is one entry with
/// a count, so that a script that asks a thousand times a second, or somebody who knocks as often,
/// fills no disk. Entries are written by a thread of their own, at most once a second; a process
/// that is killed loses what that second held.
/// Thread rule: any thread.
class AuditTrail {
  public:
    /// Both outlive it.
    AuditTrail(runs::Store& store, const Clock& clock);
    AuditTrail(const AuditTrail&) = delete;
    AuditTrail& operator=(const AuditTrail&) = delete;
    /// Writes what is left.
    ~AuditTrail();

    /// Takes note of a call that has ended, if such are kept: see phyll.v1.Recorded. What was
    /// refused for want of a key or a role is always.
    void note(const Call& call, const Dispatcher::Method* method);
    /// Somebody was not let in, who showed that key, or none.
    void note_turned_away(const std::optional<PublicKey>& key, const std::string& address);
    /// What was noted is in the store when this returns. Throws what the store does.
    void write();

  private:
    /// Who, address, method, what, code, message.
    using Kind = std::tuple<std::string, std::string, std::string, std::string, int, std::string>;

    struct Counted {
        v1::AuditEntry entry;
        std::uint64_t order = 0; ///< in which the first of its kind came
    };
    using Entries = std::map<Kind, Counted>;

    void add(v1::AuditEntry entry);
    /// What was noted is among `minute_`, and touched.
    void take_noted();
    void write_regularly(const std::stop_token& stop);
    /// Adds an entry, or counts it to one of its kind that is there, and returns that; null where
    /// there is no room for one more.
    static Counted* count_to(Entries& entries, const Counted& noted);

    runs::Store& store_;
    const Clock& clock_;
    std::mutex mutex_; ///< of these four
    std::condition_variable_any came_;
    Entries waiting_; ///< not written yet
    std::uint64_t noted_so_far_ = 0;
    std::uint64_t lost_ = 0; ///< calls for which there was no room

    std::mutex writing_;            ///< of these two, and of writing
    Entries minute_;                ///< written, and may still count more
    std::vector<Counted*> touched_; ///< not written as they are now

    std::jthread clerk_; ///< last: it uses all of the above
};

} // namespace phyll::rpc
