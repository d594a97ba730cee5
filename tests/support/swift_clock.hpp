#pragma once

#include "drivers/core/clock.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

namespace phyll::test {

/// A clock on which waiting takes no time for the thread that made it: it finds that it is then.
/// For tests of what happens after minutes and hours. Others wait as usual.
class SwiftClock final : public Clock {
  public:
    [[nodiscard]] Monotonic now() const override { return system_.now() + skipped_.load(); }
    [[nodiscard]] Wall wall() const override { return system_.wall() + skipped_.load(); }
    [[nodiscard]] Wake wait_until(Monotonic when, std::stop_token stop) const override {
        if (when == Monotonic::max()) {
            return system_.wait_until(when, std::move(stop)); // for somebody, not for a time
        }
        if (std::this_thread::get_id() != owner_) {
            return system_.wait_until(when - skipped_.load(), std::move(stop));
        }
        if (stop.stop_requested()) {
            return Wake::stopped;
        }
        skipped_ = skipped_.load() + std::max(when - now(), std::chrono::nanoseconds(0));
        return Wake::reached;
    }

  private:
    const std::thread::id owner_ = std::this_thread::get_id();
    SystemClock system_;
    mutable std::atomic<std::chrono::nanoseconds> skipped_{std::chrono::nanoseconds(0)};
};

} // namespace phyll::test
