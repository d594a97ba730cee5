#pragma once

#include "daemon/rig/lab.hpp"
#include "daemon/runs/run_manager.hpp"
#include "drivers/core/clock.hpp"
#include "tests/support/paths.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace phyll::test {

/// Time at a hundred times its speed, so that waiting for a rig's next try costs little.
class FastClock final : public Clock {
  public:
    [[nodiscard]] Monotonic now() const override {
        return begin_ + (system_.now() - begin_) * speed;
    }
    [[nodiscard]] Wall wall() const override { return system_.wall(); }
    [[nodiscard]] Wake wait_until(Monotonic when, std::stop_token stop) const override;

  private:
    static constexpr int speed = 100;

    SystemClock system_;
    Monotonic begin_ = system_.now();
};

/// A loop that runs what was posted when the test says so.
class TestLoop {
  public:
    void post(std::function<void()> task);
    /// Waits for a task and runs it.
    void run_one();
    /// Runs those that are there.
    void run_ready();

  private:
    [[nodiscard]] std::function<void()> take();

    std::mutex mutex_;
    std::condition_variable posted_;
    std::deque<std::function<void()>> tasks_;
};

/// A run manager with its store, and a lab of two rigs "a" and "b", whose responses are nonlinear,
/// noisy and drift with their age, which runs begin at 0; they fail when they are told to. Runs are
/// tiny. All of it on the test's thread, but for the threads of rigs and runs.
class RunBench {
  public:
    RunBench();
    ~RunBench();

    /// A run of a network with a layer on each of these rigs; its number.
    std::uint64_t submit(const std::vector<std::string>& rigs, std::uint64_t seed, int priority = 0,
                         const std::string& more = "");
    [[nodiscard]] v1::RunInfo info(std::uint64_t run) const { return store.run(run)->info; }
    [[nodiscard]] v1::RunState state(std::uint64_t run) const { return info(run).state(); }
    /// Runs the loop until it holds.
    void until(const std::function<bool()>& condition);
    void until(std::uint64_t run, v1::RunState state) {
        until([&] { return this->state(run) == state; });
    }
    void until_over(std::uint64_t run);
    /// Waits for the answer; why it was refused, if it was.
    std::string pause(std::uint64_t run, bool release = false);
    void stop_rig(const std::string& rig);
    /// phylld stops in order, and is started again.
    void restart();

    /// Queries that are to fail, by rig.
    std::map<std::string, std::atomic<int>> faults;
    /// Called on the rig's thread, before each query.
    std::function<void(const std::string& rig)> on_query;
    std::atomic<std::uint64_t> queries = 0;

    FastClock clock;
    TempDir dir;
    runs::StateDir state_dir{dir.path() / "state"};
    runs::Store store{state_dir.database()};
    TestLoop loop;
    rig::Lab lab{clock, [this](auto task) { loop.post(std::move(task)); }};
    std::unique_ptr<runs::RunManager> runs;

  private:
    void start();
    [[nodiscard]] std::unique_ptr<PhysicalLayer> make_rig(const std::string& name);
};

} // namespace phyll::test
