#include "tests/conformance/misbehaving.hpp"

#include "tests/support/nightly.hpp"
#include "tests/unit/sim/support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace phyll::conformance {

using phyll::bench::Fault;
using phyll::bench::Misbehave;

namespace {

/// Enough that an electronic rig of two samples a record takes three.
constexpr std::size_t samples = 5;

} // namespace

Misbehaving::Misbehaving(std::unique_ptr<VirtualLab> made, float agreement)
    : lab(std::move(made)), agreement_(agreement), misbehaving_(lab->instruments()) {
    auto layer = lab->rig(clock);
    rig = layer.get();
    guard = std::make_unique<Guard>(std::move(layer));
    x = test::uniform_stimuli(guard->spec(), samples);
    right = test::answer(*guard, x);
}

bool Misbehaving::agree(ConstBlock y) const {
    return std::ranges::equal(right.view().values(), y.values(),
                              [this](float p, float q) { return std::abs(p - q) <= agreement_; });
}

std::function<bool()> Misbehaving::misbehave(const std::string& instrument,
                                             const Misbehave& order) {
    static_cast<void>(guard->make_safe());
    const std::uint64_t last = lab->bench().messages(instrument) + order.at.value_or(0);
    lab->bench().misbehave(instrument, order);
    return [this, instrument, last] { return lab->bench().messages(instrument) > last; };
}

bool Misbehaving::ask(const std::string& instrument, const Misbehave& order) {
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
        REQUIRE(agree(y.view()));
    } else {
        CHECK(guard->health().state == Health::State::fault);
    }
    const bool came = reached();
    lab->bench().release(instrument);
    if (code != Code::ok) {
        REQUIRE_FALSE(lab->output_on());
    }
    return came;
}

void Misbehaving::check_answer() {
    REQUIRE(agree(test::answer(*guard, x).view()));
}

void Misbehaving::check_recovered(bool may_report) {
    guard->recover(Deadline::never(), {});
    REQUIRE(guard->health().state == Health::State::ready);
    if (may_report) {
        static_cast<void>(test::code_of([&] { test::answer(*guard, x); }));
        guard->recover(Deadline::never(), {});
    }
    check_answer();
}

void Misbehaving::check_every_message(Fault fault, std::uint64_t step, double seconds,
                                      std::uint64_t least) {
    for (const std::string& instrument : misbehaving_) {
        std::uint64_t at = 0;
        Misbehave order;
        order.fault = fault;
        order.count = 1;
        order.seconds = Seconds(seconds);
        order.text = "-310,\"System error\"";
        const auto comes = [&](std::uint64_t message) {
            CAPTURE(instrument, message);
            order.at = message;
            const bool came = ask(instrument, order);
            check_recovered(fault == Fault::error);
            return came;
        };
        while (comes(at)) {
            at += test::sweep_step(step);
        }
        CHECK(comes(least - 1)); // whatever the sweep passed over
    }
}

void Misbehaving::check_corruption(std::uint64_t step, std::uint64_t messages) {
    for (const std::string& instrument : misbehaving_) {
        for (std::uint64_t at = 0; at < messages; at += test::sweep_step(step)) {
            CAPTURE(instrument, at);
            const auto corrupted =
                misbehave(instrument, {.fault = Fault::corrupt, .at = at, .count = 1});
            {
                const Prodding prodding(clock, corrupted);
                static_cast<void>(test::code_of([&] { test::answer(*guard, x); }));
            }
            lab->bench().release(instrument);
            check_recovered();
        }
    }
}

void Misbehaving::check_stuck(std::initializer_list<std::uint64_t> messages) {
    for (const std::string& instrument : misbehaving_) {
        for (const std::uint64_t at : messages) {
            CAPTURE(instrument, at);
            // Only then, so that the query does not fail for another reason before.
            const auto stuck = misbehave(instrument, {.fault = Fault::stick, .at = at});
            {
                const Prodding prodding(clock, stuck);
                REQUIRE(test::code_of([&] { test::answer(*guard, x); }) == Code::unavailable);
            }
            {
                const Prodding prodding(clock, [] { return true; });
                REQUIRE(guard->make_safe().state == (instrument == lab->instruments().front()
                                                         ? SafeState::State::unknown
                                                         : SafeState::State::safe));
            }
            lab->bench().release(instrument);
            REQUIRE(guard->make_safe().state == SafeState::State::safe);
            REQUIRE_FALSE(lab->output_on());
            check_recovered();
        }
    }
}

} // namespace phyll::conformance
