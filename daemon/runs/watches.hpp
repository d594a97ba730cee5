#pragma once

#include "daemon/runs/store.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace phyll::runs {

/// Hears of runs: stored events in order, and, where one is under way, how it goes. `over` is
/// called after the last event of the last of them; then, or after `Watches::remove`, nothing
/// comes.
struct Watcher {
    std::function<void(std::uint64_t run, const v1::Event&)> event;
    std::function<void(std::uint64_t run, const v1::Progress&)> progress;
    std::function<void()> over;
};

/// Who watches which runs. A watcher may go away, and others may come, while it is told something.
/// Thread rule: the loop's thread, the one on which `post` runs what it is given.
class Watches {
  public:
    using Post = std::function<void(std::function<void()>)>;
    using Id = std::uint64_t;

    Watches(const Store& store, Post post) : store_(store), post_(std::move(post)) {}

    /// Begins, later, with the events after number `after`.
    Id add(std::set<std::uint64_t> runs, std::uint64_t after, Watcher watcher);
    void remove(Id id);

    /// Calls `listener` whenever something about any run was stored, before who watches is told.
    void when_stored(std::function<void()> listener) { listener_ = std::move(listener); }

    /// Something about the run was stored.
    void notify(std::uint64_t run);
    void show(std::uint64_t run, const v1::Progress& progress);
    /// The run is gone with its events: who watches it is told that it is over.
    void drop(std::uint64_t run);

  private:
    struct Watch {
        std::set<std::uint64_t> runs;
        std::uint64_t last = 0;
        /// Shared with whoever calls it.
        std::shared_ptr<const Watcher> watcher;
    };

    [[nodiscard]] std::vector<Id> watching(std::uint64_t run) const;
    void advance(Id id);

    const Store& store_;
    Post post_;
    std::function<void()> listener_;
    std::map<Id, Watch> watches_;
    Id last_ = 0;
};

} // namespace phyll::runs
