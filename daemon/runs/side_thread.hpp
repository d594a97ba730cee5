#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace phyll::runs {

/// A thread for one piece of work at a time beside that of its owner, which begins with the first
/// one. Destruction waits for the work under way.
/// Thread rule: the owner's thread.
class SideThread {
  public:
    SideThread() = default;
    SideThread(const SideThread&) = delete;
    SideThread& operator=(const SideThread&) = delete;
    ~SideThread() = default;

    /// Begins a piece of work; the one before was waited for.
    void start(std::function<void()> work);
    /// Whether `wait` would have to.
    [[nodiscard]] bool busy() const;
    /// Returns when the work is over; throws what it threw.
    void wait();

  private:
    void serve(const std::stop_token& stop);

    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::function<void()> work_; ///< empty: none is under way
    std::exception_ptr failure_;
    std::jthread thread_; // the last one: it uses the others
};

} // namespace phyll::runs
