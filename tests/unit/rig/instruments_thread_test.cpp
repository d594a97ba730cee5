// A rig of instruments on its thread: what is seen of the instruments, and what becomes of them
// when their driver does not return.

#include "daemon/rig/rig_thread.hpp"
#include "tests/support/await.hpp"
#include "tests/support/scripted_layer.hpp"
#include "tests/unit/rig/fake_made_rig.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <future>
#include <memory>
#include <semaphore>
#include <string>

using namespace phyll;
using namespace std::chrono_literals;
using rig::RigThread;
using test::await;

namespace {

/// A driver that was given up may look at its clock for as long as the process lives.
ManualClock& lasting_clock() {
    static auto& clocks = *new std::deque<ManualClock>;
    return clocks.emplace_back();
}

struct Bench {
    ManualClock& clock = lasting_clock();
    std::shared_ptr<test::FakeRigScript> script = std::make_shared<test::FakeRigScript>();
    std::shared_ptr<std::atomic<int>> made = std::make_shared<std::atomic<int>>(0);
    std::unique_ptr<RigThread> rig;
    OwnedBlock x{2, 1};
    OwnedBlock y{1, 1};

    Bench() {
        rig = std::make_unique<RigThread>(
            "bench",
            [s = script, count = made, &c = clock] {
                ++*count;
                return test::made_fake_rig(s, c);
            },
            clock, 0);
    }

    std::string ask() {
        try {
            rig->query(std::as_const(x).view(), y.view(), {});
            return "answered";
        } catch (const Error& error) {
            return error.what();
        }
    }
    std::exception_ptr calibrate() {
        std::promise<std::exception_ptr> thrown;
        rig->use_instruments(
            "a calibration", {},
            [](auto& controls, const auto& patience) { controls.calibrate(patience); },
            [&](std::exception_ptr failure) { thrown.set_value(failure); });
        return thrown.get_future().get();
    }
};

/// A driver that is stuck until the test lets it go, and then wants to drive.
struct Stuck {
    std::atomic<bool> begun = false;
    std::binary_semaphore let_go{0};
    std::atomic<bool> refused = false;
    std::atomic<bool> gone = false;
};

auto hang(const std::shared_ptr<Stuck>& stuck) {
    return [stuck](test::FakeInstrument& instrument) {
        stuck->begun = true;
        stuck->begun.notify_all();
        stuck->let_go.acquire();
        try {
            instrument.drive(true);
        } catch (const Error&) {
            stuck->refused = true;
        }
        stuck->gone = true;
    };
}

} // namespace

TEST_CASE("instruments are seen from any thread, and what a run's result says of them") {
    Bench bench;
    const std::vector<rig::InstrumentView> seen = bench.rig->instruments();
    REQUIRE(seen.size() == 1);
    REQUIRE(seen[0].name == "awg");
    REQUIRE(seen[0].status.connected);
    REQUIRE(seen[0].status.identity.serial == "S1");
    REQUIRE(seen[0].status.output == "off");
    REQUIRE(bench.rig->spec().evidence_of == "Maker M1, serial S1");
    REQUIRE(bench.ask() == "answered");
    REQUIRE(bench.rig->instruments()[0].status.output == "on");

    // What is found later is in another spec; the first one stays what it was.
    const LayerSpec& first = bench.rig->spec();
    bench.script->bench->identity.serial = "S2";
    REQUIRE(rig::LeasedRig(*bench.rig, {}).make_safe().state == SafeState::State::safe);
    REQUIRE(bench.ask() == "answered");
    REQUIRE(bench.rig->spec().evidence_of == "Maker M1, serial S2");
    REQUIRE(first.evidence_of == "Maker M1, serial S1");

    REQUIRE(bench.rig->close());
    REQUIRE(bench.rig->instruments().size() == 1);
    REQUIRE(bench.rig->instruments()[0].status.output == "off");
}

TEST_CASE("a rig is calibrated on its thread, and safe when that is over") {
    Bench bench;
    REQUIRE(bench.rig->calibration()->state() == v1::Calibration::MISSING);
    REQUIRE(bench.rig->status().health.state == Health::State::degraded);
    REQUIRE(bench.calibrate() == nullptr);
    REQUIRE(bench.rig->calibration()->state() == v1::Calibration::VALID);
    REQUIRE(bench.rig->status().health.state == Health::State::ready);
    REQUIRE_FALSE(bench.rig->status().driven);

    bench.script->bench->there = false;
    REQUIRE_THROWS_WITH(std::rethrow_exception(bench.calibrate()), "awg: nobody answers");
    REQUIRE(bench.rig->status().health.state == Health::State::fault);
    REQUIRE(bench.rig->status().driven);
    REQUIRE(bench.rig->calibration()->state() == v1::Calibration::VALID);
}

TEST_CASE("what is no rig of instruments has none, and needs no calibration") {
    ManualClock clock;
    const auto script = std::make_shared<test::Script>();
    RigThread rig("r", [&] { return std::make_unique<test::ScriptedLayer>(script); }, clock, 0);
    REQUIRE(rig.instruments().empty());
    REQUIRE(rig.calibration() == nullptr);
    std::promise<std::exception_ptr> thrown;
    rig.use_instruments(
        "a calibration", {}, [](auto&, const auto&) {},
        [&](std::exception_ptr failure) { thrown.set_value(failure); });
    REQUIRE_THROWS_WITH(
        std::rethrow_exception(thrown.get_future().get()),
        "r is a simulation: it is not made of instruments, as it takes for a calibration");
}

TEST_CASE("a driver that does not return drives nothing any more, and a fresh one makes safe") {
    Bench bench;
    const auto stuck = std::make_shared<Stuck>();
    bench.script->query = hang(stuck);
    auto told = std::async(std::launch::async, [&] { return bench.ask(); });
    stuck->begun.wait(false);
    REQUIRE(bench.script->bench->on);
    bench.clock.await_waiters(1);
    bench.clock.advance(67s); // 60, four times 0.5 s, and a grace of 5
    const std::string lost = "its driver did not return from a query within 67 s; restart phylld";
    REQUIRE(told.get() == lost);
    await([&] { return bench.rig->status().safe_state.state == SafeState::State::safe; });
    REQUIRE(bench.script->bench->shut == 1);
    REQUIRE(*bench.made == 2);
    REQUIRE_FALSE(bench.script->bench->on);
    const rig::RigStatus status = bench.rig->status();
    REQUIRE_FALSE(status.driven);
    REQUIRE(status.health.state == Health::State::fault);
    REQUIRE(status.health.reason == lost);
    REQUIRE(bench.ask() == lost);
    const rig::InstrumentView seen = bench.rig->instruments().at(0);
    REQUIRE_FALSE(seen.status.connected);
    REQUIRE(seen.status.reason == "the driver of its rig was given up");
    REQUIRE(seen.status.output == "off");

    stuck->let_go.release();
    await([&] { return stuck->gone.load(); });
    REQUIRE(stuck->refused);
    REQUIRE_FALSE(bench.script->bench->on);
    REQUIRE_FALSE(bench.rig->close());
    REQUIRE(bench.rig->status().safe_state.state == SafeState::State::safe);
}

TEST_CASE("a fresh driver that does not return either is given up, too") {
    Bench bench;
    const auto first = std::make_shared<Stuck>();
    const auto second = std::make_shared<Stuck>();
    bench.script->query = hang(first);
    auto told = std::async(std::launch::async, [&] { return bench.ask(); });
    first->begun.wait(false);
    bench.clock.await_waiters(1);
    bench.script->make_safe = hang(second);
    bench.clock.advance(67s);
    REQUIRE(told.get().starts_with("its driver did not return"));
    second->begun.wait(false);
    REQUIRE(bench.rig->status().safe_state.state == SafeState::State::unknown);
    SECTION("while the daemon serves") {
        bench.clock.await_waiters(1);
        bench.clock.advance(65s);
        await([&] {
            return bench.rig->status().safe_state.reason ==
                   "a fresh driver did not return from making safe within 65 s, too";
        });
    }
    SECTION("as the daemon ends") {
        auto closed = std::async(std::launch::async, [&] { return bench.rig->close(); });
        await([&] {
            bench.clock.advance(1s);
            return closed.wait_for(0s) == std::future_status::ready;
        });
        REQUIRE_FALSE(closed.get());
    }
    REQUIRE(bench.rig->status().driven);
    REQUIRE(bench.rig->status().safe_state.state == SafeState::State::unknown);
    for (const auto& stuck : {first, second}) {
        stuck->let_go.release();
        await([&] { return stuck->gone.load(); });
    }
}
