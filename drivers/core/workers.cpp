#include "drivers/core/workers.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace phyll {
namespace {

struct Job {
    Job(std::size_t n, const std::function<void(std::size_t)>& t)
        : tasks(n), task(t), unfinished(n), failed_at(n) {}

    const std::size_t tasks;
    const std::function<void(std::size_t)>& task;
    std::atomic<std::size_t> next{0};

    std::mutex mutex;
    std::condition_variable done;
    std::size_t unfinished;
    std::size_t failed_at;
    std::exception_ptr failure;

    [[nodiscard]] bool exhausted() const { return next.load() >= tasks; }

    void work() {
        for (std::size_t i = next.fetch_add(1); i < tasks; i = next.fetch_add(1)) {
            std::exception_ptr thrown;
            try {
                task(i);
            } catch (...) {
                thrown = std::current_exception();
            }
            const std::lock_guard lock(mutex);
            if (thrown && i < failed_at) {
                failed_at = i;
                failure = thrown;
            }
            if (--unfinished == 0) {
                done.notify_all();
            }
        }
    }
};

} // namespace

struct Workers::Pool {
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<std::shared_ptr<Job>> jobs;
    bool closing = false;
    std::vector<std::thread> threads;

    void serve() {
        std::unique_lock lock(mutex);
        for (;;) {
            wake.wait(lock, [&] { return closing || !jobs.empty(); });
            if (closing) {
                return;
            }
            const std::shared_ptr<Job> job = jobs.front();
            if (job->exhausted()) {
                jobs.pop_front();
                continue;
            }
            lock.unlock();
            job->work();
            lock.lock();
        }
    }
};

Workers::Workers(unsigned threads) : pool_(std::make_unique<Pool>()) {
    for (unsigned i = 1; i < threads; ++i) {
        pool_->threads.emplace_back([pool = pool_.get()] { pool->serve(); });
    }
}

Workers::~Workers() {
    {
        const std::lock_guard lock(pool_->mutex);
        pool_->closing = true;
    }
    pool_->wake.notify_all();
    for (std::thread& thread : pool_->threads) {
        thread.join();
    }
}

unsigned Workers::threads() const noexcept {
    return static_cast<unsigned>(pool_->threads.size()) + 1;
}

void Workers::run(std::size_t tasks, const std::function<void(std::size_t)>& task) {
    if (tasks == 0) {
        return;
    }
    const auto job = std::make_shared<Job>(tasks, task);
    if (tasks > 1 && !pool_->threads.empty()) {
        {
            const std::lock_guard lock(pool_->mutex);
            pool_->jobs.push_back(job);
        }
        pool_->wake.notify_all();
    }
    job->work();
    std::unique_lock lock(job->mutex);
    job->done.wait(lock, [&] { return job->unfinished == 0; });
    if (job->failure) {
        std::rethrow_exception(job->failure);
    }
}

} // namespace phyll
