#pragma once

#include "drivers/core/clock.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <stop_token>
#include <thread>
#include <utility>

namespace phyll::conformance {

/// A clock that stands still but for two things: who waits on it moves it, and it can be prodded.
/// What waits for something else, an answer that does not come, waits until it is prodded: tests of
/// time-outs take no time and depend on none.
class ProddedClock final : public Clock {
  public:
    [[nodiscard]] Monotonic now() const override {
        return Monotonic(std::chrono::nanoseconds(elapsed_.load()));
    }
    [[nodiscard]] Wall wall() const override {
        return Wall(
            std::chrono::duration_cast<Wall::duration>(std::chrono::nanoseconds(elapsed_.load())));
    }
    [[nodiscard]] Wake wait_until(Monotonic when, std::stop_token stop) const override {
        if (stop.stop_requested()) {
            return Wake::stopped;
        }
        const std::int64_t target = when.time_since_epoch().count();
        std::int64_t present = elapsed_;
        while (present < target && !elapsed_.compare_exchange_weak(present, target)) {
        }
        return Wake::reached;
    }

    void advance(Seconds by) {
        elapsed_ += std::chrono::duration_cast<std::chrono::nanoseconds>(by).count();
    }

  private:
    mutable std::atomic<std::int64_t> elapsed_ =
        std::chrono::nanoseconds(std::chrono::hours(1)).count();
};

/// While it lives, a clock is moved by more than any instrument may take to answer: as soon as
/// `stuck` says so, and again from time to time, for waits that begin later. In between there is
/// time, also on a busy machine, for what does not wait in vain.
class Prodding {
  public:
    Prodding(ProddedClock& clock, std::function<bool()> stuck)
        : thread_([&clock, stuck = std::move(stuck)](const std::stop_token& stop) {
              constexpr std::chrono::milliseconds look{1};
              constexpr int looks_between = 200;
              for (int looks = 0; !stop.stop_requested(); std::this_thread::sleep_for(look)) {
                  if (looks > 0 || stuck()) {
                      if (looks++ % looks_between == 0) {
                          clock.advance(Seconds(6));
                      }
                  }
              }
          }) {}

  private:
    std::jthread thread_;
};

} // namespace phyll::conformance
