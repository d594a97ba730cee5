#pragma once

#include <phyll/v1/runs.pb.h>

#include <cstdint>
#include <map>

namespace phyll::runs {

/// Times of runs, in s; see docs/accounting.md. Of runs that clients drive themselves there are
/// none.
struct RunTimes {
    double active = 0.0;
    double wait = 0.0;
    double digital = 0.0;
};

/// Adds up what runs spend while this lives, from what each says of itself now and then: what it
/// has spent in all, also before it was interrupted.
class SpentTimes {
  public:
    void note(std::uint64_t run, const v1::RunResult& so_far);
    /// The run is not under way any more. What it says first when it goes on was spent before.
    void end(std::uint64_t run) { last_.erase(run); }
    [[nodiscard]] const RunTimes& spent() const noexcept { return spent_; }

  private:
    std::map<std::uint64_t, RunTimes> last_;
    RunTimes spent_;
};

/// What there is to be counted of runs.
struct RunFigures {
    /// How many are in each state, of those that are stored; states that none is in are missing.
    std::map<v1::RunState, std::uint64_t> states{};
    RunTimes spent{};                      ///< since the daemon started, as far as runs have said
    RunTimes under_way{};                  ///< of the runs that are under way, since each began
    std::uint64_t journal_bytes = 0;       ///< on the disk, of runs that are not over
    std::uint64_t largest_journal = 0;     ///< bytes, of one of these
    std::uint64_t journal_limit_bytes = 0; ///< of each run
};

} // namespace phyll::runs
