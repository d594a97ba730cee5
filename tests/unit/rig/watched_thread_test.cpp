#include "daemon/rig/watched_thread.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <semaphore>
#include <string>
#include <vector>

using namespace phyll;
using namespace std::chrono_literals;
using rig::WatchedThread;
using Watch = WatchedThread::Watch;

namespace {

/// A thread, what it did last, and how it was lost.
struct Bench {
    ManualClock clock;
    std::promise<void> last;
    std::string lost;
    WatchedThread thread{clock, 5s, [this](Watch&) { last.set_value(); },
                         [this](const std::string& how) {
                             lost = how;
                             return Error(Code::unavailable, "lost");
                         }};
};

} // namespace

TEST_CASE("tasks are done in order, and what one throws is told to whoever asked for it") {
    Bench bench;
    std::vector<int> order;
    for (int i = 0; i < 3; ++i) {
        bench.thread.post({.work = [&order, i](Watch&) { order.push_back(i); },
                           .done =
                               [&order, i](const std::exception_ptr& failure) {
                                   order.push_back(failure ? -1 : 10 + i);
                               }});
    }
    REQUIRE_THROWS_WITH(
        bench.thread.post_and_wait([](Watch&) { throw Error(Code::internal, "no"); }), "no");
    REQUIRE(order == std::vector{0, 10, 1, 11, 2, 12});
    REQUIRE(bench.thread.close());
    bench.last.get_future().get();
    REQUIRE(bench.lost.empty());
}

TEST_CASE("calls that are over are not held against a thread") {
    Bench bench;
    bench.thread.post_and_wait([&](Watch& watch) {
        watch.begin("a call", bench.clock.now() + 1s);
        watch.done();
    });
    bench.thread.post_and_wait([&](Watch& watch) {
        // Over without a word: its task is done.
        watch.begin("another", bench.clock.now() + 1s);
    });
    bench.clock.advance(1h);
    bench.thread.post_and_wait([&](Watch& watch) {
        watch.begin("a call", bench.clock.now() + 1s);
        watch.begin("the next one", bench.clock.now() + 2h);
        bench.clock.advance(1h);
        watch.done();
        watch.hasten(); // nothing
        bench.clock.advance(1h);
    });
    REQUIRE_FALSE(bench.thread.lost());
    REQUIRE(bench.thread.close());
}

TEST_CASE("a call that has to end early is watched although a late one was before it") {
    Bench bench;
    std::binary_semaphore let_go{0};
    std::promise<void> begun;
    bench.thread.post_and_wait([&](Watch& watch) {
        watch.begin("a long call", bench.clock.now() + 10h);
        bench.clock.await_waiters(1);
        watch.done();
    });
    std::promise<std::string> told;
    bench.thread.post({.work =
                           [&](Watch& watch) {
                               watch.begin("a short call", bench.clock.now() + 1s);
                               begun.set_value();
                               let_go.acquire();
                           },
                       .done =
                           [&](const std::exception_ptr& failure) {
                               try {
                                   std::rethrow_exception(failure);
                               } catch (const Error& error) {
                                   told.set_value(error.what());
                               }
                           }});
    begun.get_future().get();
    bench.clock.advance(6s);
    REQUIRE(told.get_future().get() == "lost");
    REQUIRE(bench.lost == "did not return from a short call within 6 s");
    REQUIRE_THROWS_WITH(bench.thread.post_and_wait([](Watch&) {}), "lost");
    REQUIRE_FALSE(bench.thread.close());
    let_go.release();
    bench.last.get_future().get(); // the thread that was given up ends as every other
}
