#include "drivers/core/clock.hpp"

namespace phyll {

Clock::Wake SystemClock::wait_until(Monotonic when, std::stop_token stop) const {
    std::mutex mutex;
    std::condition_variable_any condition;
    std::unique_lock lock(mutex);
    // The predicate never holds: only the time or the stop token ends the wait.
    if (when == Monotonic::max()) {
        condition.wait(lock, stop, [] { return false; });
    } else {
        condition.wait_until(lock, stop, when, [] { return false; });
    }
    return stop.stop_requested() ? Wake::stopped : Wake::reached;
}

Clock::Monotonic ManualClock::now() const {
    const std::lock_guard lock(mutex_);
    return Monotonic(std::chrono::hours(1) + elapsed_);
}

Clock::Wall ManualClock::wall() const {
    const std::lock_guard lock(mutex_);
    return Wall(
        std::chrono::duration_cast<Wall::duration>(std::chrono::hours(24 * 365 * 50) + elapsed_));
}

Clock::Wake ManualClock::wait_until(Monotonic when, std::stop_token stop) const {
    std::unique_lock lock(mutex_);
    ++waiters_;
    changed_.notify_all();
    const bool reached = changed_.wait(
        lock, stop, [&] { return Monotonic(std::chrono::hours(1) + elapsed_) >= when; });
    --waiters_;
    return reached ? Wake::reached : Wake::stopped;
}

void ManualClock::advance(Seconds by) {
    const std::lock_guard lock(mutex_);
    elapsed_ += std::chrono::duration_cast<std::chrono::nanoseconds>(by);
    changed_.notify_all();
}

void ManualClock::await_waiters(int count) const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiters_ >= count; });
}

} // namespace phyll
