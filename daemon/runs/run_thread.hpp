#pragma once

#include "daemon/runs/attempt.hpp"

#include <stop_token>
#include <thread>

namespace phyll::runs {

/// A training run on a thread of its own, on rigs that are leased for it.
/// Destruction stops it and joins.
class RunThread {
  public:
    /// `site` outlives this.
    RunThread(RunOrder order, const RunSite& site);

    /// Ends the run at its next step, and the query under way at once.
    void stop() { thread_.request_stop(); }

  private:
    void work(const std::stop_token& stop);

    const RunOrder order_;
    const RunSite& site_;
    std::jthread thread_;
};

} // namespace phyll::runs
