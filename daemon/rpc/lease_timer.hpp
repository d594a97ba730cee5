#pragma once

#include "drivers/core/clock.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <optional>

namespace phyll::rpc {

/// Says when leases have to be looked at that were not renewed in time.
///
/// A loop that was kept from its work is late for the timer, and as late for the heartbeats that
/// wait in its sockets: where it is, these get their turn first.
/// Thread rule: the loop's thread.
class LeaseTimer {
  public:
    /// All outlive this.
    LeaseTimer(boost::asio::io_context& loop, const Clock& clock, std::function<void()> expire);

    /// Calls `expire` then, once, and not when this asked for it before; nothing: never.
    void wake_at(std::optional<Clock::Monotonic> when);

  private:
    void wait_until(Clock::Monotonic when);
    void woken();

    const Clock& clock_;
    std::function<void()> expire_;
    boost::asio::steady_timer timer_;
    std::optional<Clock::Monotonic> when_;
    bool was_late_ = false;
};

} // namespace phyll::rpc
