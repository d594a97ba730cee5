#pragma once

#include <atomic>
#include <mutex>
#include <utility>

namespace phyll::transports {

/// Sees to it that what is shut is closed at once, so that a fresh driver can have the instrument:
/// by `shut` itself where nobody uses it, and otherwise by its user when he is done.
///
/// Thread rule: `shut` and `is_shut` may be called from any thread.
class Gate {
  public:
    /// While it lives, `shut` does not close.
    template <class Close>
    class Use {
      public:
        Use(Gate& gate, Close close) : gate_(gate), close_(std::move(close)) {
            gate_.mutex_.lock();
        }
        Use(const Use&) = delete;
        Use& operator=(const Use&) = delete;
        ~Use() {
            gate_.mutex_.unlock();
            // `shut` may have come at the last moment, and found the gate in use.
            if (gate_.shut_) {
                gate_.close_if_unused(close_);
            }
        }

      private:
        Gate& gate_;
        Close close_;
    };

    /// `wake` has the user look at `is_shut`.
    template <class Wake, class Close>
    void shut(Wake wake, Close close) noexcept {
        shut_ = true;
        wake();
        close_if_unused(close);
    }
    [[nodiscard]] bool is_shut() const noexcept { return shut_; }

  private:
    template <class Close>
    void close_if_unused(Close& close) noexcept {
        if (mutex_.try_lock()) {
            close();
            mutex_.unlock();
        }
    }

    std::recursive_mutex mutex_; ///< one use may be made of others
    std::atomic<bool> shut_ = false;
};

} // namespace phyll::transports
