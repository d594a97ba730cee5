#include "daemon/metrics/collector.hpp"
#include "tests/support/metrics_text.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <mutex>
#include <thread>

using namespace phyll;
using metrics::Collector;
using metrics::Snapshot;
using test::Metrics;

namespace {

/// A collector on a loop that does what was posted when the test says so.
struct CollectorBench {
    ManualClock clock;
    std::mutex mutex;
    std::vector<std::function<void()>> posted;
    std::atomic<int> looks = 0;
    std::function<Snapshot()> look = [] { return Snapshot{.leases_held = 4}; };
    Collector collector{{.version = "1.2.3", .kernel_level = "x86-64"},
                        std::make_shared<metrics::Meters>(),
                        [this] {
                            ++looks;
                            return look();
                        },
                        [this](std::function<void()> task) {
                            const std::lock_guard lock(mutex);
                            posted.push_back(std::move(task));
                        },
                        clock};

    /// What somebody collects on another thread.
    std::future<Metrics> collect() {
        return std::async(std::launch::async, [this] {
            return test::read_metrics(metrics::as_text(collector.Collect()));
        });
    }
    void run_loop() {
        std::vector<std::function<void()>> tasks;
        {
            const std::lock_guard lock(mutex);
            tasks.swap(posted);
        }
        for (const auto& task : tasks) {
            task();
        }
    }
};

} // namespace

TEST_CASE("what the loop knows is collected on the loop, for whoever waits on another thread") {
    CollectorBench bench;
    std::future<Metrics> waiting = bench.collect();
    bench.clock.await_waiters(1);
    REQUIRE(bench.looks == 0);
    bench.run_loop();
    const Metrics page = waiting.get();
    REQUIRE(page["phyll_up"] == 1);
    REQUIRE(page[R"(phyll_leases{state="held"})"] == 4);
    REQUIRE(bench.looks == 1);
}

TEST_CASE("a loop that is stuck is waited for no longer than the patience, and then not asked") {
    CollectorBench bench;
    std::future<Metrics> waiting = bench.collect();
    bench.clock.await_waiters(1);
    bench.clock.advance(Collector::patience);
    const Metrics page = waiting.get();
    REQUIRE(page["phyll_up"] == 0);
    REQUIRE(page["phyll_uptime_seconds"] == Collector::patience.count());
    REQUIRE_FALSE(page.families.contains("phyll_leases"));
    bench.run_loop();
    REQUIRE(bench.looks == 0);
}

TEST_CASE("closing answers whoever waits, and whoever comes later, without the loop") {
    CollectorBench bench;
    std::future<Metrics> waiting = bench.collect();
    bench.clock.await_waiters(1);
    bench.collector.close();
    REQUIRE(waiting.get()["phyll_up"] == 0);
    REQUIRE(bench.collect().get()["phyll_up"] == 0);
    REQUIRE(bench.posted.size() == 1);
}

TEST_CASE("a store that cannot be read is no answer, and ends nothing") {
    CollectorBench bench;
    bench.look = []() -> Snapshot { throw Error(Code::data_loss, "the database is damaged"); };
    std::future<Metrics> waiting = bench.collect();
    bench.clock.await_waiters(1);
    bench.run_loop();
    REQUIRE(waiting.get()["phyll_up"] == 0);
    REQUIRE(test::read_metrics(bench.collector.text())["phyll_up"] == 0);
}

TEST_CASE("on the loop itself the text is there at once") {
    CollectorBench bench;
    const Metrics page = test::read_metrics(bench.collector.text());
    REQUIRE(page["phyll_up"] == 1);
    REQUIRE(page[R"(phyll_leases{state="held"})"] == 4);
    REQUIRE(bench.posted.empty());
}
