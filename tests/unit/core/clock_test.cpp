#include "drivers/core/clock.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace std::chrono_literals;
using phyll::Clock;
using phyll::Deadline;
using phyll::ManualClock;

TEST_CASE("a wait on the manual clock ends when the clock is moved far enough") {
    const auto clock = std::make_unique<ManualClock>();
    const auto start = clock->now();
    Clock::Wake wake = Clock::Wake::stopped;
    std::thread waiter([&] { wake = clock->wait_until(start + 10s, {}); });
    clock->await_waiters(1);
    clock->advance(4s);
    clock->advance(6s);
    waiter.join();
    REQUIRE(wake == Clock::Wake::reached);
    REQUIRE(clock->now() == start + 10s);
}

TEST_CASE("a stop request ends a wait on either clock") {
    const ManualClock manual;
    const phyll::SystemClock real;
    const Clock& clock = GENERATE(false, true) ? static_cast<const Clock&>(real) : manual;
    std::stop_source stop;
    std::thread stopper([&] { stop.request_stop(); });
    REQUIRE(clock.wait_until(clock.now() + 1h, stop.get_token()) == Clock::Wake::stopped);
    stopper.join();
}

TEST_CASE("deadlines pass on their clock, and none never does") {
    ManualClock clock;
    const Deadline deadline = Deadline::after(clock, 2s);
    REQUIRE_FALSE(deadline.passed(clock));
    clock.advance(2s);
    REQUIRE(deadline.passed(clock));
    REQUIRE_FALSE(Deadline::never().passed(clock));
    REQUIRE_FALSE(Deadline::never().is_set());
}
