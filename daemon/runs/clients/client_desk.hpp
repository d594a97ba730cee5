#pragma once

#include "drivers/core/error.hpp"

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>

namespace phyll::runs {

class ClientAttempt;

/// Where a client's wishes for its own run lie until the run's thread comes to them, in order.
/// Thread rule: any thread.
class ClientDesk {
  public:
    struct Task {
        std::function<void(ClientAttempt&)> work;
        /// Called once, on the run's thread with what `work` threw (null: nothing), or with why it
        /// is not done, where that turns out.
        std::function<void(std::exception_ptr)> done;
    };

    ClientDesk() = default;
    ClientDesk(const ClientDesk&) = delete;
    ClientDesk& operator=(const ClientDesk&) = delete;
    ~ClientDesk();

    void post(Task task);
    /// The next one, once there is one; nothing when stopped.
    [[nodiscard]] std::optional<Task> take(const std::stop_token& stop);
    /// Nobody comes to the desk any more: what lies there, and what is posted later, is refused.
    void close(const Error& why);

  private:
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<Task> tasks_;
    std::optional<Error> closed_;
};

} // namespace phyll::runs
