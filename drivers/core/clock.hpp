#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace phyll {

using Seconds = std::chrono::duration<double>;

/// Time as everything in the system sees it: injected, so that whatever waits is tested without
/// waiting. All members may be called from any thread.
class Clock {
  public:
    using Monotonic = std::chrono::steady_clock::time_point;
    using Wall = std::chrono::system_clock::time_point;

    enum class Wake { reached, stopped };

    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    virtual ~Clock() = default;

    /// For intervals, deadlines and leases; never goes backwards.
    [[nodiscard]] virtual Monotonic now() const = 0;
    /// For records that people read.
    [[nodiscard]] virtual Wall wall() const = 0;
    /// Blocks until `when`, or until `stop` is requested, whichever comes first.
    [[nodiscard]] virtual Wake wait_until(Monotonic when, std::stop_token stop) const = 0;

    [[nodiscard]] Wake wait_for(Seconds duration, std::stop_token stop) const {
        return wait_until(now() + std::chrono::duration_cast<Monotonic::duration>(duration),
                          std::move(stop));
    }
};

class SystemClock final : public Clock {
  public:
    [[nodiscard]] Monotonic now() const override { return std::chrono::steady_clock::now(); }
    [[nodiscard]] Wall wall() const override { return std::chrono::system_clock::now(); }
    [[nodiscard]] Wake wait_until(Monotonic when, std::stop_token stop) const override;
};

/// A clock that stands still until somebody moves it. Starts at a fixed, arbitrary time.
class ManualClock final : public Clock {
  public:
    [[nodiscard]] Monotonic now() const override;
    [[nodiscard]] Wall wall() const override;
    [[nodiscard]] Wake wait_until(Monotonic when, std::stop_token stop) const override;

    void advance(Seconds by);
    /// Blocks until `count` threads wait on this clock: what a test calls before `advance`.
    void await_waiters(int count) const;

  private:
    mutable std::mutex mutex_;
    mutable std::condition_variable_any changed_;
    std::chrono::nanoseconds elapsed_{0};
    mutable int waiters_ = 0;
};

/// A point in time after which a call is given up; by default there is none.
class Deadline {
  public:
    Deadline() = default;
    explicit Deadline(Clock::Monotonic at) : at_(at) {}

    [[nodiscard]] static Deadline never() { return Deadline{}; }
    [[nodiscard]] static Deadline after(const Clock& clock, Seconds duration) {
        return Deadline(clock.now() +
                        std::chrono::duration_cast<Clock::Monotonic::duration>(duration));
    }

    [[nodiscard]] bool is_set() const noexcept { return at_ != Clock::Monotonic::max(); }
    [[nodiscard]] Clock::Monotonic at() const noexcept { return at_; }
    [[nodiscard]] bool passed(const Clock& clock) const { return is_set() && clock.now() >= at_; }

  private:
    Clock::Monotonic at_ = Clock::Monotonic::max();
};

} // namespace phyll
