#include "daemon/runs/watches.hpp"
#include "tests/support/paths.hpp"

#include <catch2/catch.hpp>

#include <deque>

using namespace phyll;
using namespace phyll::runs;
using test::TempDir;

namespace {

/// A loop that runs what it was given when it is told to.
struct Bench {
    TempDir dir;
    Store store{dir.path() / "phylld.db"};
    std::deque<std::function<void()>> posted;
    Watches watches{store, [this](std::function<void()> task) { posted.push_back(task); }};

    std::vector<std::uint64_t> heard; ///< numbers of events
    std::vector<std::uint64_t> of;    ///< the run of each
    int progresses = 0;
    int ends = 0;

    Watcher watcher() {
        return {.event =
                    [this](std::uint64_t run, const v1::Event& event) {
                        heard.push_back(event.number());
                        of.push_back(run);
                    },
                .progress = [this](std::uint64_t, const v1::Progress&) { ++progresses; },
                .over = [this] { ++ends; }};
    }
    std::uint64_t add() { return store.add_run({}, {}, ""); }
    void settle() {
        while (!posted.empty()) {
            const auto task = posted.front();
            posted.pop_front();
            task();
        }
    }
};

} // namespace

TEST_CASE("a watcher of several runs hears all of them in order, until the last is over") {
    Bench bench;
    const std::uint64_t a = bench.add();
    const std::uint64_t other = bench.add();
    const std::uint64_t b = bench.add();
    bench.watches.add({a, b}, 0, bench.watcher());
    bench.settle();
    REQUIRE(bench.of == std::vector<std::uint64_t>{a, b});
    bench.store.add_notice(other, "not ours", 1);
    bench.watches.notify(other);
    bench.store.change_state(b, v1::RUN_CANCELLED, "", 2);
    bench.watches.notify(b);
    bench.watches.show(a, {});
    bench.watches.show(other, {});
    REQUIRE(bench.of == std::vector<std::uint64_t>{a, b, b});
    REQUIRE(bench.progresses == 1);
    REQUIRE(bench.ends == 0);
    bench.store.change_state(a, v1::RUN_CANCELLED, "", 3);
    bench.watches.notify(a);
    REQUIRE(bench.ends == 1);
    REQUIRE(std::is_sorted(bench.heard.begin(), bench.heard.end()));
    bench.watches.notify(a);
    REQUIRE(bench.heard.size() == 4);
}

TEST_CASE("many events come in batches, after what else waits") {
    Bench bench;
    const std::uint64_t a = bench.add();
    const std::uint64_t b = bench.add();
    for (int i = 0; i < 500; ++i) {
        bench.store.add_notice(i % 2 == 0 ? a : b, "word", i);
    }
    bench.store.change_state(a, v1::RUN_CANCELLED, "", 1);
    bench.store.change_state(b, v1::RUN_CANCELLED, "", 1);
    SECTION("one run") {
        bench.watches.add({a}, 0, bench.watcher());
        bench.settle();
        REQUIRE(bench.heard.size() == 252);
    }
    SECTION("two runs") {
        bench.watches.add({a, b}, 0, bench.watcher());
        bench.posted.front()();
        bench.posted.pop_front();
        REQUIRE(bench.heard.size() == 200);
        REQUIRE(bench.ends == 0);
        bench.settle();
        REQUIRE(bench.heard.size() == 504);
        REQUIRE(std::adjacent_find(bench.heard.begin(), bench.heard.end(), std::greater_equal()) ==
                bench.heard.end());
    }
    REQUIRE(bench.ends == 1);
}

TEST_CASE("a watcher that goes away hears nothing more, and one whose run is removed is told") {
    Bench bench;
    const std::uint64_t run = bench.add();
    const Watches::Id id = bench.watches.add({run}, 0, bench.watcher());
    bench.watches.remove(id);
    bench.settle();
    REQUIRE(bench.heard.empty());
    REQUIRE(bench.ends == 0);
    bench.watches.add({run}, 0, bench.watcher());
    bench.watches.drop(run);
    bench.settle();
    REQUIRE(bench.heard.empty());
    REQUIRE(bench.ends == 1);
}
