#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/core/error.hpp"

#include <exception>
#include <functional>
#include <memory>
#include <thread>

namespace phyll::rig {

/// A thread that does tasks in order, under a watch.
///
/// Before a task calls what may never return, it says by when it has to be back. When it is not,
/// the thread is given up: whoever asked for the task learns of it, and so does everybody who asks
/// for something later, each from the watch's thread. The thread that was given up may come back
/// one day: what its task works on must belong to the task, and nothing is done with it any more.
///
/// All waiting is on the clock. Thread rule: all members may be called from any thread, but for the
/// destructor.
class WatchedThread {
  private:
    struct Shared;

  public:
    /// What a task tells the watch. Outlives the thread.
    class Watch {
      public:
        explicit Watch(Shared& shared) : shared_(shared) {}

        /// From here on to `done`, a call of `what` ("a query"), which has to end at `end`; a grace
        /// later the thread is given up. Another call takes the place of this one. Only one that
        /// can be told to end is hastened.
        void begin(const char* what, Clock::Monotonic end, bool can_be_hastened = true);
        void done();
        /// The call under way, if any, was told to end now.
        void hasten();

      private:
        Shared& shared_;
    };

    struct Task {
        /// Owns what it touches, or shares in it.
        std::function<void(Watch&)> work;
        /// Called once, with what `work` threw (null: nothing) or with why it is not done.
        std::function<void(std::exception_ptr)> done;
    };

    /// Called once, from the watch's thread, with how the thread was lost ("did not return from a
    /// query within 12 s"); returns the error that is everybody's answer from then on.
    using Lost = std::function<Error(const std::string& how)>;

    /// `last` is done when the thread ends, whether it was given up or not. `grace` is how much
    /// later than it should a call may return. The clock outlives the thread, also one that was
    /// given up.
    WatchedThread(const Clock& clock, Seconds grace, std::function<void(Watch&)> last, Lost lost);
    WatchedThread(const WatchedThread&) = delete;
    WatchedThread& operator=(const WatchedThread&) = delete;
    ~WatchedThread();

    /// Does what was asked for and `last`, and waits for the thread; nothing is posted any more.
    /// False when it was given up. Not from several threads.
    bool close();

    void post(Task task);
    /// Posts it and waits until it is done; throws what it throws.
    void post_and_wait(std::function<void(Watch&)> work);
    void hasten();
    /// Whether the thread was given up, and `lost` has been called.
    [[nodiscard]] bool lost() const;

  private:
    std::shared_ptr<Shared> shared_;
    std::thread worker_;
    std::thread watch_;
};

} // namespace phyll::rig
