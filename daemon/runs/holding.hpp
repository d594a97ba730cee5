#pragma once

#include "daemon/runs/measuring/trouble.hpp"
#include "drivers/core/clock.hpp"

#include <phyll/v1/runs.pb.h>

#include <functional>
#include <stop_token>
#include <string>

namespace phyll::runs {

/// What a run that is held by trouble needs.
struct HoldingSite {
    const Clock& clock;
    Seconds limit{}; ///< after that the run fails
    /// Whether the disk has room for last words again, where a full one took it.
    std::function<bool()> has_room;
    /// Moves the run to `state`, HELD or RUNNING, and says why. May throw.
    std::function<void(v1::RunState state, const std::string& reason)> change_state;
};

/// Survives faults by waiting: the first one moves the run to held; tries come further and further
/// apart, from half a second to a minute; the run is running again when something that failed has
/// worked. The rig is in its safe state meanwhile.
class Holding final : public Trouble {
  public:
    explicit Holding(HoldingSite site) : site_(std::move(site)) {}

    void rig_failed(const std::string& rig, PhysicalLayer& layer, const Error& error,
                    const std::stop_token& stop) override;
    void disk_failed(const Error& error, const std::stop_token& stop) override;
    void rig_worked(const std::stop_token& stop) override;
    void over(const std::stop_token& stop) override;

    /// How long the run has been held so far.
    [[nodiscard]] Seconds held_for() const;

  private:
    void hold(const Error& error);
    /// Waits until the next try. Throws `error` when the limit is reached.
    void wait(const Error& error, const std::stop_token& stop);

    HoldingSite site_;
    bool held_ = false;
    bool told_ = false;   ///< the store knows
    bool failed_ = false; ///< a rig, and it has not answered since
    Clock::Monotonic since_{};
    Seconds before_{}; ///< in holds that are over
    Seconds pause_{};
};

} // namespace phyll::runs
