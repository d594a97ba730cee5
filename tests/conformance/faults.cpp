#include "tests/conformance/bench.hpp"

namespace phyll::conformance {
namespace {

using Kind = sim::FaultPlan::Kind;
using namespace std::chrono_literals;

/// What a guard makes of a fault.
Code expected(Kind kind) {
    switch (kind) {
    case Kind::not_finite:
    case Kind::out_of_range:
        return Code::data_loss;
    case Kind::hang:
        return Code::deadline_exceeded;
    case Kind::fail:
    case Kind::disconnect:
    case Kind::stuck: // a guard never hears of it: tests/unit/rig has what becomes of such a driver
        break;
    }
    return Code::unavailable;
}

/// `sound` is the same layer without the fault.
void check_fault(const Subject& subject, Bench& sound, Kind kind, std::uint64_t at_query) {
    CAPTURE(static_cast<int>(kind), at_query);
    constexpr std::uint64_t queries = 4;
    Bench faulty(subject, {{kind, at_query, 1}});
    const OwnedBlock x = sound.stimuli(3);
    for (std::uint64_t query = 0; query < queries; ++query) {
        QueryContext context = test::with_number(1, 10 * query, 10 * query);
        context.deadline = Deadline::after(faulty.clock, 1h);
        if (query == at_query) {
            REQUIRE(faulty.code_of(x, context) == expected(kind));
            REQUIRE(faulty.made_safe == 1);
            const bool down = kind == Kind::disconnect;
            REQUIRE((faulty.guard->health().state == Health::State::fault) == down);
            faulty.guard->recover(Deadline::never(), {});
            REQUIRE(faulty.guard->health().state == Health::State::ready);
            context.deadline = Deadline::never();
        }
        const OwnedBlock y = faulty.ask(x, context);
        context.deadline = Deadline::never();
        REQUIRE(sound.agree(y.view(), sound.ask(x, context).view()));
    }
}

} // namespace

void check_failures(const Subject& subject) {
    SECTION("a failure at any query is survived") {
        const Kind kind = GENERATE(Kind::fail, Kind::hang, Kind::not_finite, Kind::out_of_range,
                                   Kind::disconnect);
        Bench sound(subject);
        for (const std::uint64_t query : {0U, 1U, 2U}) {
            check_fault(subject, sound, kind, query);
        }
    }
}

} // namespace phyll::conformance
