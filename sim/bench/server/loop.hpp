#pragma once

#include "drivers/core/clock.hpp"
#include "sim/bench/server/asio.hpp"

#include <functional>
#include <future>
#include <thread>
#include <type_traits>

namespace phyll::bench {

/// The bench's thread: instruments act on it one after the other, and nowhere else.
class Loop {
  public:
    Loop() = default;
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    /// Ends the thread; what was still to happen does not.
    ~Loop() { stop(); }

    [[nodiscard]] boost::asio::io_context& context() noexcept { return context_; }
    /// Begins to run; what is posted or timed before waits for that.
    void start();
    /// Returns when the thread has ended. Not on the thread itself.
    void stop();

    /// Does it once that time has passed; at once, before it returns, when the time is 0. On the
    /// bench's thread only.
    void after(Seconds delay, std::function<void()> act);

    /// Does it on the bench's thread and returns what it returns. From any other thread, while the
    /// loop runs.
    template <class Act>
    std::invoke_result_t<Act> ask(Act act) {
        std::packaged_task<std::invoke_result_t<Act>()> task(std::move(act));
        auto result = task.get_future();
        boost::asio::post(context_, [&task] { task(); });
        return result.get();
    }

  private:
    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_ =
        boost::asio::make_work_guard(context_);
    std::thread thread_;
};

} // namespace phyll::bench
