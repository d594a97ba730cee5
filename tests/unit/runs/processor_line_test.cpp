#include "daemon/runs/processor_line.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <vector>

using phyll::runs::ProcessorLine;

namespace {

struct LineBench {
    std::deque<std::function<void()>> posted;
    ProcessorLine line{2,
                       [this](std::function<void()> task) { posted.push_back(std::move(task)); }};
    std::vector<std::uint64_t> granted;

    void wait_for(std::uint64_t run, int priority = 0) {
        line.wait_for(run, priority, [this, run] { granted.push_back(run); });
    }
    void settle() {
        while (!posted.empty()) {
            const auto task = posted.front();
            posted.pop_front();
            task();
        }
    }
};

} // namespace

TEST_CASE("so many runs have a processor at a time, larger priorities first, then who came first") {
    LineBench bench;
    for (const std::uint64_t run : {1U, 2U, 3U, 4U}) {
        bench.wait_for(run);
    }
    bench.wait_for(5, 1);
    bench.line.prioritise(4, 2);
    bench.settle();
    REQUIRE(bench.granted == std::vector<std::uint64_t>{1, 2});
    REQUIRE(bench.line.waits(3));
    REQUIRE_FALSE(bench.line.waits(1));
    for (const std::uint64_t run : {1U, 2U, 4U, 5U}) {
        bench.line.end(run);
        bench.settle();
    }
    REQUIRE(bench.granted == std::vector<std::uint64_t>{1, 2, 4, 5, 3});
}

TEST_CASE("a run that left the line, or ended its turn before it heard of it, is not called") {
    LineBench bench;
    bench.wait_for(1);
    bench.wait_for(2);
    bench.wait_for(3);
    bench.line.end(1);
    bench.wait_for(1); // again, behind the others
    bench.line.end(3);
    bench.settle();
    REQUIRE(bench.granted == std::vector<std::uint64_t>{2, 1});
}
