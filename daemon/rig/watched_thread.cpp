#include "daemon/rig/watched_thread.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>

namespace phyll::rig {
namespace {

constexpr Clock::Monotonic never = Clock::Monotonic::max();

} // namespace

/// Belongs to both threads, and to the last of them alone.
struct WatchedThread::Shared {
    Shared(const Clock& clock_of_all, Seconds grace_of_all, std::function<void(Watch&)> last_work,
           Lost when_lost)
        : clock(clock_of_all),
          grace(std::chrono::duration_cast<Clock::Monotonic::duration>(grace_of_all)),
          last(std::move(last_work)),
          on_lost(std::move(when_lost)) {}

    const Clock& clock;
    const Clock::Monotonic::duration grace;
    const std::function<void(Watch&)> last; ///< for the thread's end
    const Lost on_lost;

    mutable std::mutex mutex;
    std::condition_variable changed;
    std::deque<Task> tasks;
    std::function<void(std::exception_ptr)> done; ///< of the task that is worked on
    bool closing = false;                         ///< no task comes any more
    bool ended = false;                           ///< the thread is through
    bool lost = false;                            ///< it was given up
    bool mourned = false;                         ///< and `on_lost` has heard of it

    // Of the call under way.
    const char* what = "";
    Clock::Monotonic began;
    bool can_be_hastened = false;
    Clock::Monotonic limit = never; ///< when the thread is given up; never: there is no call
    // Of the watch, which sleeps on while calls come and go, as long as none has to end before it
    // wakes.
    Clock::Monotonic wakes = never;
    std::stop_source sleep;

    void set_limit(Clock::Monotonic at);
    void work();
    void watch();
    void give_up(std::unique_lock<std::mutex>& lock);
};

/// With the mutex held.
void WatchedThread::Shared::set_limit(Clock::Monotonic at) {
    limit = at;
    if (limit < wakes) {
        sleep.request_stop();
        changed.notify_all();
    }
}

void WatchedThread::Watch::begin(const char* what, Clock::Monotonic end, bool can_be_hastened) {
    const Clock::Monotonic now = shared_.clock.now();
    const std::lock_guard lock(shared_.mutex);
    shared_.what = what;
    shared_.can_be_hastened = can_be_hastened;
    shared_.began = now;
    shared_.set_limit(end + shared_.grace);
}

void WatchedThread::Watch::done() {
    const std::lock_guard lock(shared_.mutex);
    shared_.limit = never;
}

void WatchedThread::Watch::hasten() {
    const Clock::Monotonic at = shared_.clock.now() + shared_.grace;
    const std::lock_guard lock(shared_.mutex);
    if (shared_.can_be_hastened && at < shared_.limit && shared_.limit != never) {
        shared_.set_limit(at);
    }
}

void WatchedThread::Shared::work() {
    Watch own(*this);
    std::unique_lock lock(mutex);
    for (;;) {
        changed.wait(lock, [&] { return closing || !tasks.empty(); });
        if (tasks.empty()) {
            break;
        }
        Task task = std::move(tasks.front());
        tasks.pop_front();
        done = std::move(task.done);
        lock.unlock();
        std::exception_ptr failure;
        try {
            task.work(own);
        } catch (...) {
            failure = std::current_exception();
        }
        task.work = nullptr; // whoever asked may find that nobody shares in it any more
        lock.lock();
        limit = never;
        if (lost) {
            break;
        }
        const std::function<void(std::exception_ptr)> tell = std::exchange(done, nullptr);
        lock.unlock();
        tell(std::move(failure));
        lock.lock();
    }
    lock.unlock();
    last(own);
    lock.lock();
    limit = never;
    ended = true;
    sleep.request_stop();
    changed.notify_all();
}

void WatchedThread::Shared::watch() {
    std::unique_lock lock(mutex);
    for (;;) {
        changed.wait(lock, [&] { return ended || limit != never; });
        if (ended) {
            return;
        }
        sleep = std::stop_source();
        wakes = limit;
        lock.unlock();
        static_cast<void>(clock.wait_until(wakes, sleep.get_token()));
        const Clock::Monotonic now = clock.now();
        lock.lock();
        wakes = never;
        if (!ended && limit != never && now >= limit) {
            give_up(lock);
            return;
        }
    }
}

void WatchedThread::Shared::give_up(std::unique_lock<std::mutex>& lock) {
    lost = true;
    const std::string how = fmt::format("did not return from {} within {:.3g} s", what,
                                        Seconds(clock.now() - began).count());
    // What the thread is about to do for itself has nobody to be told.
    std::function<void(std::exception_ptr)> tell = std::exchange(done, nullptr);
    lock.unlock();
    const Error refusal = on_lost(how);
    lock.lock();
    mourned = true;
    lock.unlock();
    if (tell) {
        tell(std::make_exception_ptr(refusal));
    }
    lock.lock();
    for (;;) {
        changed.wait(lock, [&] { return closing || !tasks.empty(); });
        if (tasks.empty()) {
            return;
        }
        tell = std::move(tasks.front().done);
        tasks.pop_front();
        lock.unlock();
        tell(std::make_exception_ptr(refusal));
        lock.lock();
    }
}

WatchedThread::WatchedThread(const Clock& clock, Seconds grace, std::function<void(Watch&)> last,
                             Lost lost)
    : shared_(std::make_shared<Shared>(clock, grace, std::move(last), std::move(lost))),
      worker_([shared = shared_] { shared->work(); }),
      watch_([shared = shared_] { shared->watch(); }) {}

WatchedThread::~WatchedThread() {
    close();
}

bool WatchedThread::close() {
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->closing = true;
    }
    shared_->changed.notify_all();
    if (watch_.joinable()) {
        watch_.join(); // it ends when the thread does, or was given up
        lost() ? worker_.detach() : worker_.join();
    }
    return !lost();
}

void WatchedThread::post(Task task) {
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->tasks.push_back(std::move(task));
    }
    shared_->changed.notify_all();
}

void WatchedThread::post_and_wait(std::function<void(Watch&)> work) {
    std::exception_ptr failure;
    const auto over = std::make_shared<std::promise<void>>();
    post({.work = std::move(work), .done = [&failure, over](std::exception_ptr thrown) {
              failure = std::move(thrown);
              // Only now, when that thread has let go of the exception: the caller alone ends its
              // life.
              over->set_value();
          }});
    over->get_future().get();
    if (failure) {
        std::rethrow_exception(std::move(failure));
    }
}

void WatchedThread::hasten() {
    Watch(*shared_).hasten();
}

bool WatchedThread::lost() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->mourned;
}

} // namespace phyll::rig
