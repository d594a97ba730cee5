#include "daemon/rpc/lease_timer.hpp"

#include <catch2/catch.hpp>

#include <boost/asio/post.hpp>

#include <optional>
#include <vector>

using namespace phyll;
using rpc::LeaseTimer;

namespace {

/// A loop whose clock reads what the test says; its timer is the system's.
struct TimerBench {
    class Late final : public Clock {
      public:
        [[nodiscard]] Monotonic now() const override {
            return std::chrono::steady_clock::now() + late;
        }
        [[nodiscard]] Wall wall() const override { return std::chrono::system_clock::now(); }
        [[nodiscard]] Wake wait_until(Monotonic, std::stop_token) const override {
            return Wake::reached;
        }
        Monotonic::duration late{0};
    };

    boost::asio::io_context loop;
    Late clock;
    std::vector<const char*> told;
    LeaseTimer timer{loop, clock, [this] { told.push_back("expired"); }};
};

} // namespace

TEST_CASE("the lease timer wakes once, at the time that it was told last") {
    TimerBench bench;
    const auto now = std::chrono::steady_clock::now();
    bench.timer.wake_at(now + std::chrono::hours(1));
    bench.timer.wake_at(now + std::chrono::milliseconds(1));
    bench.timer.wake_at(now + std::chrono::milliseconds(1));
    bench.loop.run();
    REQUIRE(bench.told.size() == 1);
    REQUIRE(std::chrono::steady_clock::now() >= now + std::chrono::milliseconds(1));
}

TEST_CASE("the lease timer is quiet when there is nothing to wake for") {
    TimerBench bench;
    bench.timer.wake_at(std::chrono::steady_clock::now() + std::chrono::milliseconds(1));
    bench.timer.wake_at(std::nullopt);
    bench.loop.run();
    REQUIRE(bench.told.empty());
}

TEST_CASE("a loop that was late reads what waits for it before a lease is lost") {
    TimerBench bench;
    bench.clock.late = std::chrono::seconds(10);
    bench.timer.wake_at(std::chrono::steady_clock::now());
    bench.loop.run_one();
    REQUIRE(bench.told.empty());
    // A heartbeat that waited is read now, and moves the time.
    boost::asio::post(bench.loop, [&] {
        bench.told.push_back("heartbeat");
        bench.clock.late = std::chrono::seconds(0);
        bench.timer.wake_at(std::chrono::steady_clock::now() + std::chrono::milliseconds(1));
    });
    bench.loop.run_one();
    REQUIRE(bench.told == std::vector<const char*>{"heartbeat"});
    bench.loop.run();
    REQUIRE(bench.told.size() == 2);
}
