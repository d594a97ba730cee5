#pragma once

#include "daemon/rig/lab.hpp"
#include "tests/support/scripted_layer.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace phyll::test {

/// A loop that runs what was posted when the test says so.
class PostedTasks {
  public:
    rig::Lab::Post post() {
        return [this](std::function<void()> task) {
            const std::lock_guard lock(mutex_);
            tasks_.push_back(std::move(task));
            posted_.notify_all();
        };
    }
    [[nodiscard]] bool any() {
        const std::lock_guard lock(mutex_);
        return !tasks_.empty();
    }
    void run_one() {
        std::unique_lock lock(mutex_);
        posted_.wait(lock, [&] { return !tasks_.empty(); });
        const auto task = std::move(tasks_.front());
        tasks_.pop_front();
        lock.unlock();
        task();
    }

  private:
    std::mutex mutex_;
    std::condition_variable posted_;
    std::deque<std::function<void()>> tasks_;
};

/// A lab with one scripted rig, "r".
struct LabBench {
    explicit LabBench(const Clock& clock) : lab(clock, loop.post()) {
        lab.add(std::make_unique<rig::RigThread>(
            "r", [this] { return std::make_unique<ScriptedLayer>(script); }, clock, 0));
    }
    /// Waits in line as `holder`; what befalls it is in `events`.
    rig::LeaseId wait_for(const std::string& holder, Seconds time_to_live = {}) {
        return lab.wait_for({.rigs = {"r"}, .holder = holder, .time_to_live = time_to_live},
                            {.granted =
                                 [this, holder](const rig::Grant& grant) {
                                     events.push_back(holder + " has it");
                                     over = grant.over;
                                 },
                             .lost =
                                 [this, holder](rig::LeaseEnd, const std::string& why) {
                                     events.push_back(holder + ": " + why);
                                 }});
    }
    void run(std::size_t until_events) {
        while (events.size() < until_events) {
            loop.run_one();
        }
    }

    std::shared_ptr<Script> script = std::make_shared<Script>();
    PostedTasks loop;
    rig::Lab lab;
    std::vector<std::string> events;
    std::stop_token over;
};

} // namespace phyll::test
