// What becomes of a query when an instrument misbehaves at any of the messages that it takes.
#include "drivers/core/guard.hpp"
#include "tests/conformance/electronic_bench.hpp"
#include "tests/conformance/prodded_clock.hpp"
#include "tests/unit/sim/support.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <utility>

using namespace phyll;
using namespace phyll::conformance;
using phyll::bench::Fault;
using phyll::bench::Misbehave;

namespace {

/// Answers differ by no more than what a step of the digitiser is.
constexpr float agreement = 1.1F * 2 / 4096;

bool agree(ConstBlock a, ConstBlock b) {
    return std::ranges::equal(a.values(), b.values(),
                              [](float p, float q) { return std::abs(p - q) <= agreement; });
}

/// A rig that takes three waveforms for a query, with its answer to one.
struct Fixture {
    ProddedClock clock;
    ElectronicBench bench{{}, "samples_per_record = 2"};
    rigs::InstrumentRig* rig = nullptr;
    std::unique_ptr<Guard> guard = made();
    OwnedBlock x = test::uniform_stimuli(guard->spec(), 5);
    OwnedBlock right = test::answer(*guard, x);

    std::unique_ptr<Guard> made() {
        auto made = bench.rig(clock);
        rig = made.get();
        return std::make_unique<Guard>(std::move(made));
    }

    /// Orders an instrument to misbehave, with everything to be set up anew. Returns what says
    /// whether it came to that.
    std::function<bool()> misbehave(const std::string& instrument, const Misbehave& order) {
        static_cast<void>(guard->make_safe());
        const std::uint64_t last = bench.bench().messages(instrument) + order.at.value_or(0);
        bench.bench().misbehave(instrument, order);
        return [this, instrument, last] { return bench.bench().messages(instrument) > last; };
    }

    /// Asks, with an instrument that misbehaves; whether it came to that.
    bool ask(const std::string& instrument, const Misbehave& order) {
        const std::function<bool()> reached = misbehave(instrument, order);
        OwnedBlock y(guard->spec().n_out(), x.samples());
        Code code = Code::ok;
        {
            // Only for an answer that does not come something is waited for in vain.
            const Prodding prodding(clock, [&] { return order.fault == Fault::drop && reached(); });
            code = test::code_of([&] { guard->query(x.view(), y.view(), {}); });
        }
        CHECK((code == Code::ok || code == Code::unavailable));
        if (code == Code::ok) {
            REQUIRE(agree(right.view(), y.view()));
        } else {
            CHECK(guard->health().state == Health::State::fault);
        }
        const bool came = reached();
        bench.bench().release(instrument);
        if (code != Code::ok) {
            REQUIRE_FALSE(bench.output_on());
        }
        return came;
    }

    /// An error that an instrument has still to tell of is told of at the next setting up.
    void check_recovered(bool may_report = false) {
        guard->recover(Deadline::never(), {});
        REQUIRE(guard->health().state == Health::State::ready);
        if (may_report) {
            static_cast<void>(test::code_of([&] { test::answer(*guard, x); }));
            guard->recover(Deadline::never(), {});
        }
        REQUIRE(agree(right.view(), test::answer(*guard, x).view()));
    }
};

void check_every_message(Fault fault, std::uint64_t step, double seconds = 0) {
    Fixture f;
    for (const std::string instrument : {"generator", "digitiser"}) {
        std::uint64_t at = 0;
        Misbehave order;
        order.fault = fault;
        order.count = 1;
        order.seconds = Seconds(seconds);
        order.text = "-310,\"System error\"";
        for (bool came = true; came; at += step) {
            CAPTURE(instrument, at);
            order.at = at;
            came = f.ask(instrument, order);
            f.check_recovered(fault == Fault::error);
        }
        CHECK(at > 20); // all that is set up, uploaded and read
    }
}

} // namespace

TEST_CASE("a connection that breaks at any message is survived, with the output off meanwhile") {
    check_every_message(Fault::disconnect, 1);
}

TEST_CASE("an answer that does not come at any message is survived") {
    check_every_message(Fault::drop, 3);
}

TEST_CASE("an instrument that is switched off and on at any message is set up anew") {
    check_every_message(Fault::power_cycle, 3);
}

TEST_CASE("an instrument that reports an error at any message is believed") {
    check_every_message(Fault::error, 5);
}

TEST_CASE("an instrument that is slow at any message is waited for") {
    check_every_message(Fault::delay, 7, 0.001);
}

TEST_CASE("an instrument that answers nothing any more is given up, and found again") {
    Fixture f;
    for (const std::string instrument : {"generator", "digitiser"}) {
        for (const std::uint64_t at : {0U, 4U, 20U, 40U}) {
            CAPTURE(instrument, at);
            // Only then, so that the query does not fail for another reason before.
            const auto stuck = f.misbehave(instrument, {.fault = Fault::stick, .at = at});
            {
                const Prodding prodding(f.clock, stuck);
                REQUIRE(test::code_of([&] { test::answer(*f.guard, f.x); }) == Code::unavailable);
            }
            if (instrument == "generator") {
                const Prodding prodding(f.clock, [] { return true; });
                REQUIRE(f.guard->make_safe().state == SafeState::State::unknown);
            } else {
                REQUIRE(f.guard->make_safe().state == SafeState::State::safe);
            }
            f.bench.bench().release(instrument);
            REQUIRE(f.guard->make_safe().state == SafeState::State::safe);
            REQUIRE_FALSE(f.bench.output_on());
            f.check_recovered();
        }
    }
}

TEST_CASE("a record that is not its stimulus's is taken again, and counted") {
    Fixture f;
    const auto [fault, at] = GENERATE(table<Fault, std::uint64_t>({{Fault::stale, 0},
                                                                   {Fault::stale, 1},
                                                                   {Fault::stale, 2},
                                                                   {Fault::missed_trigger, 0},
                                                                   {Fault::missed_trigger, 2}}));
    const std::uint64_t before = f.rig->retaken();
    f.bench.bench().misbehave("digitiser", {.fault = fault, .at = at, .count = 2});
    REQUIRE(agree(f.right.view(), test::answer(*f.guard, f.x).view()));
    REQUIRE(f.rig->retaken() == before + 2);
    REQUIRE(f.guard->health().reason.find("taken again") != std::string::npos);
}

TEST_CASE("a record that never is its stimulus's fails the query") {
    Fixture f;
    f.bench.bench().misbehave("digitiser", {.fault = Fault::stale, .count = 100});
    REQUIRE_THROWS_WITH(test::answer(*f.guard, f.x),
                        Catch::Contains("belongs to its stimulus, after 3 more"));
    REQUIRE_FALSE(f.bench.output_on());
    f.bench.bench().release("digitiser");
    f.check_recovered();
}

TEST_CASE("another instrument that comes up at the address is not driven") {
    Fixture f;
    f.bench.bench().misbehave("generator", {.fault = Fault::identity,
                                            .text = "Keysight Technologies,33512B,PHYLLSIM-X,1"});
    f.bench.bench().misbehave("generator", {.fault = Fault::disconnect, .at = 3});
    REQUIRE(test::code_of([&] { test::answer(*f.guard, f.x); }) == Code::unavailable);
    REQUIRE_THROWS_WITH(test::answer(*f.guard, f.x), Catch::Contains("PHYLLSIM-X"));
    REQUIRE_FALSE(f.rig->instruments().at(0)->status().connected);
    f.bench.bench().release("generator");
    f.check_recovered();
}

TEST_CASE("bytes that are changed on the way end nothing for good") {
    Fixture f;
    for (const std::string instrument : {"generator", "digitiser"}) {
        for (std::uint64_t at = 0; at < 80; at += 4) {
            CAPTURE(instrument, at);
            const auto corrupted =
                f.misbehave(instrument, {.fault = Fault::corrupt, .at = at, .count = 1});
            {
                const Prodding prodding(f.clock, corrupted);
                static_cast<void>(test::code_of([&] { test::answer(*f.guard, f.x); }));
            }
            f.bench.bench().release(instrument);
            f.check_recovered();
        }
    }
}
