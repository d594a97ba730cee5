#include "daemon/rig/lab.hpp"
#include "tests/support/scripted_layer.hpp"

#include <catch2/catch.hpp>

#include <condition_variable>
#include <deque>

using namespace phyll;
using rig::Lab;
using rig::RigThread;
using test::Script;
using test::ScriptedLayer;

namespace {

/// A loop that runs what was posted when the test says so.
class Loop {
  public:
    Lab::Post post() {
        return [this](std::function<void()> task) {
            const std::lock_guard lock(mutex_);
            tasks_.push_back(std::move(task));
            posted_.notify_all();
        };
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

} // namespace

TEST_CASE("a lease that ends aborts the query, makes the rig safe and hands it on") {
    SystemClock clock;
    Loop loop;
    const auto script = std::make_shared<Script>();
    std::atomic<bool> begun = false;
    script->answer = test::hang(clock, begun);
    Lab lab(loop.post());
    lab.add(std::make_unique<RigThread>(
        "r", [&] { return std::make_unique<ScriptedLayer>(script); }, clock, 0));

    const rig::LeaseId first = lab.take({"r"}, "first", [](rig::LeaseId) {});
    const auto measurement = std::make_shared<rig::Measurement>();
    measurement->stimuli = OwnedBlock(2, 1);
    lab.rig("r").measure(measurement, [] {});
    begun.wait(false);
    bool granted = false;
    lab.wait_for({"r"}, "second", [&](rig::LeaseId) {
        granted = true;
        REQUIRE(script->made_safe == 2); // when built, and between the holders
    });
    lab.end(first);
    REQUIRE_FALSE(granted);
    loop.run_one();
    REQUIRE(granted);
    REQUIRE(lab.holder("r") == "second");
    REQUIRE(measurement->failure);
}

TEST_CASE("a rig that is not known names those that are") {
    SystemClock clock;
    Loop loop;
    Lab lab(loop.post());
    REQUIRE_THROWS_WITH(lab.rig("x"), "no rig is named 'x'; there is none");
    const auto script = std::make_shared<Script>();
    lab.add(std::make_unique<RigThread>(
        "cavity", [&] { return std::make_unique<ScriptedLayer>(script); }, clock, 0));
    REQUIRE_THROWS_WITH(lab.rig("x"), "no rig is named 'x'; there are: cavity");
}
