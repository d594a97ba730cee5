// A driver that does not return, and what becomes of its rig and of whoever waits for it.

#include "daemon/rig/rig_thread.hpp"
#include "drivers/core/guard.hpp"
#include "drivers/core/raw_samples.hpp"
#include "tests/support/await.hpp"
#include "tests/support/scripted_layer.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

using namespace phyll;
using namespace std::chrono_literals;
using rig::Measurement;
using rig::RigThread;
using test::await;
using test::Script;
using test::ScriptedLayer;

namespace {

/// What a driver that heeds nothing shares with the test.
struct Stuck {
    std::atomic<bool> begun = false;
    std::binary_semaphore let_go{0};
};

/// A rig whose query does not end until the test lets it go.
struct Bench {
    ManualClock clock;
    std::shared_ptr<Script> script = std::make_shared<Script>();
    std::shared_ptr<Stuck> stuck = std::make_shared<Stuck>();
    std::unique_ptr<RigThread> rig;
    OwnedBlock x{2, 2};
    OwnedBlock y{1, 2};

    Bench() {
        script->answer = [s = stuck](ConstBlock, Block responses, const QueryContext& context) {
            s->begun = true;
            s->begun.notify_all();
            s->let_go.acquire();
            std::ranges::fill(responses.values(), 1.0F); // late, into what must still be there
            if (context.raw != nullptr && context.raw->wants(1)) {
                context.raw->keep(1, "float32", std::as_bytes(responses.sample(1)));
            }
        };
        rig = std::make_unique<RigThread>(
            "r",
            [s = script] { return std::make_unique<Guard>(std::make_unique<ScriptedLayer>(s)); },
            clock, 0);
    }

    /// Starts the query that does not end; what its caller is told.
    std::future<std::string> ask(const QueryContext& context = {}) {
        auto told = std::async(std::launch::async, [this, context] { return answer(context); });
        stuck->begun.wait(false);
        clock.await_waiters(1); // the watch
        return told;
    }

    std::string answer(const QueryContext& context = {}) {
        try {
            rig->query(std::as_const(x).view(), y.view(), context);
            return "answered";
        } catch (const Error& error) {
            // No assertion here: Catch takes them from one thread alone.
            return error.code() == Code::unavailable ? error.what() : "refused otherwise";
        }
    }

    /// The driver returns after all, and its thread lets go of the rig.
    void let_go() {
        stuck->let_go.release();
        await([&] { return script->gone.load(); });
    }
};

const std::string in_time = "its driver did not return from a query within 69 s; restart phylld";

} // namespace

TEST_CASE("a driver that does not return is given up, and its rig is in fault for good") {
    Bench bench;
    std::future<std::string> told = bench.ask();
    bench.clock.advance(68s);
    REQUIRE_FALSE(bench.rig->given_up());
    REQUIRE(bench.rig->status().health.state == Health::State::ready);
    bench.clock.advance(1s); // 60, four times 2 x 0.5 s, and a grace of 5
    REQUIRE(told.get() == in_time);
    REQUIRE(bench.rig->given_up());
    const rig::RigStatus status = bench.rig->status();
    REQUIRE(status.health.state == Health::State::fault);
    REQUIRE(status.health.reason == in_time);
    REQUIRE(status.safe_state.state == SafeState::State::unknown);
    REQUIRE(status.safe_state.reason == in_time);
    REQUIRE(status.driven);

    // Whatever is asked from then on is refused at once.
    REQUIRE(bench.answer() == in_time);
    REQUIRE_THROWS_WITH(bench.rig->recover(Deadline::never(), {}), in_time);
    REQUIRE_THROWS_WITH(bench.rig->displace(0.1, {}), in_time);
    REQUIRE(rig::LeasedRig(*bench.rig, {}).make_safe().reason == in_time);
    REQUIRE(bench.rig->spec().kind == "scripted");
    REQUIRE(bench.script->queries == 1);

    SECTION("it returns later, and changes nothing but makes safe") {
        const int made_safe = bench.script->made_safe;
        bench.let_go();
        REQUIRE(bench.script->made_safe > made_safe);
        REQUIRE(bench.answer() == in_time);
        REQUIRE(bench.rig->status().health.reason == in_time);
        REQUIRE(bench.rig->spec().kind == "scripted");
        REQUIRE_FALSE(bench.rig->close());
    }
    SECTION("it returns when the rig is gone and its caller too") {
        bench.x = {};
        bench.y = {};
        REQUIRE_FALSE(bench.rig->close()); // without waiting for anything
        bench.rig.reset();
        bench.let_go();
    }
}

TEST_CASE("a driver that returns too late does not touch the sink of a caller that is gone") {
    Bench bench;
    auto raw = std::make_unique<RawSamples>(std::vector<bool>{false, true});
    QueryContext context;
    context.raw = raw.get();
    std::future<std::string> told = bench.ask(context);
    bench.clock.advance(69s);
    REQUIRE(told.get() == in_time);
    REQUIRE(raw->kept().empty());
    SECTION("it is still there") {
        bench.let_go();
        REQUIRE(raw->kept().empty());
    }
    SECTION("it is gone") {
        raw.reset();
        bench.let_go();
    }
}

TEST_CASE(
    "a driver is given up a grace after the caller's deadline, or after it was told to stop") {
    Bench bench;
    std::stop_source stop;
    QueryContext context;
    context.stop = stop.get_token();
    SECTION("deadline") {
        context.deadline = Deadline::after(bench.clock, 2s);
        std::future<std::string> told = bench.ask(context);
        bench.clock.advance(6s);
        REQUIRE_FALSE(bench.rig->given_up());
        bench.clock.advance(1s);
        REQUIRE(told.get() == "its driver did not return from a query within 7 s; restart phylld");
    }
    SECTION("stop token") {
        std::future<std::string> told = bench.ask(context);
        bench.clock.advance(1s);
        stop.request_stop();
        bench.clock.advance(4s);
        REQUIRE_FALSE(bench.rig->given_up());
        bench.clock.advance(1s);
        REQUIRE(told.get() == "its driver did not return from a query within 6 s; restart phylld");
    }
    SECTION("abort") {
        std::future<std::string> told = bench.ask(context);
        bench.rig->abort();
        bench.clock.advance(5s);
        REQUIRE(told.get() == "its driver did not return from a query within 5 s; restart phylld");
    }
    SECTION("the end of the rig") {
        std::future<std::string> told = bench.ask(context);
        std::future<bool> closed =
            std::async(std::launch::async, [&] { return bench.rig->close(); });
        // How much later the rig's end begins is not known here.
        await([&] {
            bench.clock.advance(1s);
            return closed.wait_for(0s) == std::future_status::ready;
        });
        REQUIRE_FALSE(closed.get());
        REQUIRE(told.get().starts_with("its driver did not return from a query within "));
    }
    bench.let_go();
}

TEST_CASE("what waits behind a driver that does not return is told, too") {
    Bench bench;
    std::vector<std::shared_ptr<Measurement>> waiting;
    std::atomic<int> answered = 0;
    for (int i = 0; i < 3; ++i) {
        waiting.push_back(std::make_shared<Measurement>());
        waiting.back()->stimuli = OwnedBlock(2, 2);
        bench.rig->measure(waiting.back(), [&] { ++answered; });
    }
    std::promise<SafeState> safe;
    bench.rig->make_safe([&](const SafeState& state) { safe.set_value(state); });
    bench.stuck->begun.wait(false);
    bench.clock.await_waiters(1);
    bench.clock.advance(69s);
    REQUIRE(safe.get_future().get().state == SafeState::State::unknown);
    REQUIRE(answered == 3);
    for (const auto& measurement : waiting) {
        REQUIRE_THROWS_WITH(std::rethrow_exception(measurement->failure), in_time);
        REQUIRE(measurement->responses.samples() == 0);
    }
    REQUIRE(bench.script->queries == 1);
    bench.let_go();
}

TEST_CASE("a query that heeds its deadline is cut off by the rig's own patience") {
    ManualClock clock;
    const auto script = std::make_shared<Script>();
    std::atomic<bool> begun = false;
    script->answer = [&](ConstBlock, Block, const QueryContext& context) {
        begun = true;
        begun.notify_all();
        static_cast<void>(clock.wait_until(context.deadline.at(), context.stop));
        throw_if_over(context, clock);
    };
    RigThread rig("r", [&] { return std::make_unique<ScriptedLayer>(script); }, clock, 0,
                  {.query_timeout = 10s, .grace = 5s});
    const OwnedBlock x(2, 3);
    OwnedBlock y(1, 3);
    Code code = Code::ok;
    std::string message;
    const auto ask = [&](const QueryContext& context) {
        begun = false;
        return std::async(std::launch::async, [&, context] {
            try {
                rig.query(x.view(), y.view(), context);
            } catch (const Error& error) {
                code = error.code();
                message = error.what();
            }
        });
    };
    SECTION("its own") {
        const auto asked = ask({});
        begun.wait(false);
        clock.advance(16s); // 10, and four times 3 x 0.5
        asked.wait();
        REQUIRE(code == Code::unavailable);
        REQUIRE(message == "the query did not end within 16 s; a rig that is only slow needs a "
                           "larger query_timeout");
    }
    SECTION("the caller's") {
        QueryContext context;
        context.deadline = Deadline::after(clock, 1s);
        const auto asked = ask(context);
        begun.wait(false);
        clock.advance(1s);
        asked.wait();
        REQUIRE(code == Code::deadline_exceeded);
    }
    REQUIRE_FALSE(rig.given_up());
    script->answer = nullptr;
    REQUIRE_NOTHROW(rig.query(x.view(), y.view(), {}));
}
