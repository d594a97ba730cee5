#pragma once

#include "daemon/runs/attempt.hpp"

#include <stop_token>
#include <thread>

namespace phyll::runs {

/// A run on a thread of its own, on rigs that are leased for it.
/// Destruction stops it and joins.
class RunThread {
  public:
    /// `site` outlives this.
    RunThread(RunOrder order, const RunSite& site);

    /// Ends the attempt at its next step, and the query under way at once, as does the end of the
    /// lease on the rigs.
    void stop() { thread_.request_stop(); }
    /// Ends it after the query under way, with a checkpoint where one can be made; never while it
    /// is held.
    void pause() { pause_.request_stop(); }

  private:
    void work(const std::stop_token& stop);
    [[nodiscard]] v1::RunResult attempt(const std::stop_token& stop) const;
    void put_rigs_back(Outcome& outcome) const;
    void leave_rigs(Outcome& outcome) const;

    const RunOrder order_;
    const RunSite& site_;
    std::stop_source pause_;
    std::jthread thread_;
};

} // namespace phyll::runs
