#pragma once

#include "daemon/runs/measuring/meanwhile.hpp"
#include "daemon/runs/measuring/query.hpp"
#include "daemon/runs/measuring/run_journal.hpp"
#include "daemon/runs/measuring/trouble.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/core/physical_layer.hpp"
#include "drivers/core/raw_samples.hpp"

#include <cstddef>
#include <functional>
#include <span>
#include <stop_token>
#include <utility>

namespace phyll::runs {

/// The time that queries took, in s.
struct AskingTime {
    double busy = 0.0;   ///< that the rig was
    double waited = 0.0; ///< that was only waited for it, until it answered or failed
};

/// Gets answers to queries: those that the run's journal has from there, others from the rig, which
/// it asks again after faults that pass. What a rig answers is in the journal before it is used.
/// Thread rule: one caller at a time.
class Asker {
  public:
    /// Both outlive this; null: no journal, faults are not survived. Once `pause` is requested the
    /// query under way is finished, and no more is asked.
    /// `over` is that of the lease on the rigs. `clock` outlives this; null: nothing is said of
    /// waiting.
    Asker(RunJournal* journal, Trouble* trouble, std::stop_token pause, std::stop_token over,
          const Clock* clock)
        : journal_(journal),
          trouble_(trouble),
          pause_(std::move(pause)),
          over_(std::move(over)),
          clock_(clock) {}

    /// How many of the query's first samples the journal has; they are filled in, and what they
    /// took the rig is added to `time`.
    [[nodiscard]] std::size_t recall(const Query& query, AskingTime& time) const;

    /// Asks the rig, and adds what that took to `time`; its recovery is no part of that. Throws
    /// CANCELLED when stopped or paused, what the rig or the journal throws, and what `recovered`
    /// throws, which is called whenever the rig was recovered after a fault and is about to be
    /// asked again: it may change the query. What the query wants raw is in the journal beside the
    /// answers; of a query that failed nothing is.
    void ask(PhysicalLayer& layer, Query& query, AskingTime& time, const std::stop_token& stop,
             const Meanwhile& meanwhile, const std::function<void()>& recovered) const;

    /// Keeps answers that came from elsewhere.
    void keep(const Query& query, std::span<const SampleTime> times, const std::stop_token& stop,
              const Meanwhile& meanwhile, std::span<const RawSamples::Sample> raw = {}) const;
    void mark(const journal::Mark& mark, const std::string& rig, const std::stop_token& stop,
              const Meanwhile& meanwhile) const;

  private:
    RunJournal* journal_;
    Trouble* trouble_;
    std::stop_token pause_;
    std::stop_token over_;
    const Clock* clock_;
    mutable int depth_ = 0; ///< askings under way: a rig that was recovered is asked in between
};

} // namespace phyll::runs
