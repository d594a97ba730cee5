#include "drivers/core/workers.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

using phyll::Workers;

TEST_CASE("every task runs exactly once, with any number of threads") {
    const unsigned threads = GENERATE(1U, 2U, 5U);
    Workers workers(threads);
    REQUIRE(workers.threads() == threads);
    std::vector<std::atomic<int>> runs(1000);
    workers.run(runs.size(), [&](std::size_t i) { ++runs[i]; });
    for (const auto& count : runs) {
        REQUIRE(count == 1);
    }
    workers.run(0, [](std::size_t) { FAIL("no task was asked for"); });
}

TEST_CASE("the failure of the lowest task is rethrown after all have ended") {
    Workers workers(3);
    std::atomic<int> ended = 0;
    const auto work = [&] {
        workers.run(100, [&](std::size_t i) {
            ++ended;
            if (i == 17 || i == 40) {
                throw std::runtime_error(std::to_string(i));
            }
        });
    };
    REQUIRE_THROWS_WITH(work(), "17");
    REQUIRE(ended == 100);
}

TEST_CASE("several callers share the workers") {
    Workers workers(2);
    std::atomic<int> sum = 0;
    std::vector<std::thread> callers;
    for (int c = 0; c < 4; ++c) {
        callers.emplace_back([&] {
            for (int round = 0; round < 50; ++round) {
                workers.run(10, [&](std::size_t) { ++sum; });
            }
        });
    }
    for (std::thread& caller : callers) {
        caller.join();
    }
    REQUIRE(sum == 4 * 50 * 10);
}
