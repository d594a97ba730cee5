#include "daemon/supervision/pulse.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <catch2/catch.hpp>

#include <future>
#include <stdexcept>
#include <utility>

using namespace phyll;
using namespace std::chrono_literals;

TEST_CASE("a pulse beats at once, and again each time the store has answered") {
    boost::asio::io_context loop;
    auto busy = boost::asio::make_work_guard(loop); // as phylld's always is
    int asked = 0;
    int beats = 0;
    supervision::Pulse pulse(
        loop, 1ms,
        [&] {
            ++asked;
            if (asked == 2) {
                throw std::runtime_error("the disk is full"); // an answer, too
            }
        },
        [&] {
            CHECK(beats == asked);
            if (++beats == 5) {
                pulse.stop();
                busy.reset();
            }
        });
    pulse.start();
    loop.run(); // returns: nothing is left to wait for
    CHECK(beats == 5);
    CHECK(asked == 4);
}

TEST_CASE("a pulse does not beat while the store does not answer") {
    boost::asio::io_context loop;
    std::promise<void> asked;
    std::promise<void> answer;
    int beats = 0;
    supervision::Pulse pulse(
        loop, 1ms,
        [&, first = true]() mutable {
            if (std::exchange(first, false)) {
                asked.set_value();
                answer.get_future().wait();
            }
        },
        [&] { ++beats; });
    pulse.start();
    loop.run_one(); // the timer's
    asked.get_future().wait();
    loop.restart();
    CHECK(loop.poll() == 0); // nothing comes of the loop while the store is asked
    CHECK(beats == 1);
    answer.set_value();
    while (beats < 2) {
        loop.restart();
        loop.poll();
    }
    pulse.stop();
    loop.restart();
    loop.run();
}
