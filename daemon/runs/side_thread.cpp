#include "daemon/runs/side_thread.hpp"

#include <cassert>
#include <utility>

namespace phyll::runs {

void SideThread::start(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    assert(!work_);
    if (!thread_.joinable()) {
        thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
    }
    work_ = std::move(work);
    changed_.notify_all();
}

bool SideThread::busy() const {
    const std::lock_guard lock(mutex_);
    return static_cast<bool>(work_);
}

void SideThread::wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !work_; });
    if (const std::exception_ptr failure = std::exchange(failure_, nullptr)) {
        std::rethrow_exception(failure);
    }
}

void SideThread::serve(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [&] { return static_cast<bool>(work_); })) {
        lock.unlock();
        std::exception_ptr failure;
        try {
            work_(); // only `serve` ends it
        } catch (...) {
            failure = std::current_exception();
        }
        lock.lock();
        work_ = nullptr;
        failure_ = failure;
        changed_.notify_all();
    }
}

} // namespace phyll::runs
