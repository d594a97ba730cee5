#pragma once

#include <optional>
#include <string>
#include <utility>

namespace phyll::bench {

/// One client's messages, of which an instrument has one at a time. Thread rule: the bench's
/// thread.
class Turns {
  public:
    /// Hands over message after message, until the instrument takes its time or there is none:
    /// `next` returns an optional one, `handle` takes it, and `done` follows, now or later. False
    /// when it was called from `handle`, and what called that goes on.
    template <class Next, class Handle>
    [[nodiscard]] bool run(Next next, Handle handle) {
        if (std::exchange(running_, true)) {
            return false;
        }
        while (!busy_) {
            std::optional<std::string> message = next();
            if (!message) {
                break;
            }
            busy_ = true;
            handle(*std::move(message));
        }
        running_ = false;
        return true;
    }
    void done() noexcept { busy_ = false; }
    /// A message is with the instrument, or its reply on the way.
    [[nodiscard]] bool busy() const noexcept { return busy_; }

  private:
    bool busy_ = false;
    bool running_ = false;
};

} // namespace phyll::bench
