#pragma once

#include "drivers/core/clock.hpp"

#include <atomic>
#include <chrono>

namespace phyll::test {

/// A clock on which waiting takes no time: whoever waits finds that it is then. For tests of what
/// happens after minutes and hours.
class SwiftClock final : public Clock {
  public:
    [[nodiscard]] Monotonic now() const override { return Monotonic(elapsed_.load()); }
    [[nodiscard]] Wall wall() const override {
        return Wall(std::chrono::hours(24) + elapsed_.load());
    }
    [[nodiscard]] Wake wait_until(Monotonic when, std::stop_token stop) const override {
        if (stop.stop_requested()) {
            return Wake::stopped;
        }
        auto known = elapsed_.load();
        while (known < when.time_since_epoch() &&
               !elapsed_.compare_exchange_weak(known, when.time_since_epoch())) {
        }
        return Wake::reached;
    }

  private:
    mutable std::atomic<std::chrono::nanoseconds> elapsed_{std::chrono::hours(1)};
};

} // namespace phyll::test
