#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <set>
#include <utility>

namespace phyll::runs {

/// The line of runs that need no rig: so many of them have a turn at a time. Larger priorities
/// first, then first come, first served.
///
/// Thread rule: the loop's thread, the one on which `post` runs what it is given.
class ProcessorLine {
  public:
    using Post = std::function<void(std::function<void()>)>;
    using Granted = std::function<void()>;

    ProcessorLine(std::size_t turns, Post post) : turns_(turns), post_(std::move(post)) {}

    /// `granted` is called later, on the loop, once; never after `end`.
    void wait_for(std::uint64_t run, int priority, Granted granted);
    /// A run ends its turn, or leaves the line.
    void end(std::uint64_t run);
    /// Of a run in line.
    void prioritise(std::uint64_t run, int priority);
    [[nodiscard]] bool waits(std::uint64_t run) const;

  private:
    struct Waiting {
        std::uint64_t run = 0;
        int priority = 0;
        std::uint64_t ticket = 0; ///< in the order in which they came
        Granted granted;
    };

    void insert(Waiting waiting);
    void grant();

    std::size_t turns_;
    Post post_;
    std::list<Waiting> line_;
    std::set<std::pair<std::uint64_t, std::uint64_t>> having_; ///< a turn: run and ticket
    std::uint64_t last_ticket_ = 0;
};

} // namespace phyll::runs
