#include "tests/conformance/suite.hpp"

#include "drivers/core/query_part.hpp"
#include "tests/conformance/bench.hpp"

#include <set>

using namespace std::chrono_literals;

namespace phyll::conformance {

Clock::Monotonic ScriptedClock::now() const {
    if (action_ && looks_left_-- == 0) {
        std::exchange(action_, nullptr)();
    }
    return Monotonic(elapsed_);
}

Clock::Wall ScriptedClock::wall() const {
    return Wall(std::chrono::duration_cast<Wall::duration>(elapsed_));
}

Clock::Wake ScriptedClock::wait_until(Monotonic when, std::stop_token stop) const {
    if (stop.stop_requested()) {
        return Wake::stopped;
    }
    REQUIRE(when != Monotonic::max()); // nothing would ever end this wait
    elapsed_ = std::max(elapsed_, std::chrono::nanoseconds(when.time_since_epoch()));
    return Wake::reached;
}

void ScriptedClock::at_look(int looks, std::function<void()> action) {
    looks_left_ = looks;
    action_ = std::move(action);
}

void ScriptedClock::advance(Seconds by) {
    elapsed_ += std::chrono::duration_cast<std::chrono::nanoseconds>(by);
}

namespace {

/// Enough samples for every layer to look at its clock more than once on the way.
constexpr std::size_t many = 200;
constexpr std::size_t several = 19;

void check_spec(const LayerSpec& spec) {
    REQUIRE_FALSE(spec.kind.empty());
    REQUIRE(spec.n_in() > 0);
    REQUIRE(spec.n_out() > 0);
    REQUIRE(spec.max_batch >= 1);
    REQUIRE(spec.seconds_per_sample >= 0.0);
    std::set<std::string> names;
    for (const DriveChannel& channel : spec.inputs) {
        REQUIRE(names.insert("in " + channel.name).second);
        REQUIRE_FALSE(channel.unit.empty());
        REQUIRE(channel.at_zero != channel.at_one);
    }
    for (const ResponseChannel& channel : spec.outputs) {
        REQUIRE(names.insert("out " + channel.name).second);
        REQUIRE_FALSE(channel.unit.empty());
        REQUIRE(channel.minimum < channel.maximum);
    }
}

void check_shapes(Bench& bench) {
    const LayerSpec& spec = bench.guard->spec();
    const auto refused = [&](std::size_t channels, std::size_t samples) {
        return bench.code_of(OwnedBlock(channels, samples)) == Code::invalid_argument;
    };
    REQUIRE(refused(spec.n_in() + 1, 1));
    REQUIRE(refused(spec.n_in(), 0));
    REQUIRE(refused(spec.n_in(), spec.max_batch + 1));
    if (!spec.can_follow) {
        QueryContext follow;
        follow.follow = true;
        REQUIRE(bench.code_of(bench.stimuli(2), follow) == Code::invalid_argument);
    }
}

void check_extremes(Bench& bench) {
    OwnedBlock x = bench.stimuli(3);
    std::ranges::fill(x.sample(0), 0.0F);
    std::ranges::fill(x.sample(1), 1.0F);
    REQUIRE(bench.code_of(x) == Code::ok);
}

/// Of a closed domain: what it does not know it does not answer, wherever in a block that stands,
/// and is none the worse for it.
void check_unknown(Bench& bench) {
    OwnedBlock x = bench.stimuli(several);
    const OwnedBlock unknown = test::uniform_stimuli(bench.guard->spec(), 1, 4711);
    for (const std::size_t place : {std::size_t{0}, several / 2, several - 1}) {
        CAPTURE(place);
        OwnedBlock spoilt = x;
        std::ranges::copy(unknown.sample(0), spoilt.sample(place).begin());
        bench.made_safe = 0;
        REQUIRE(bench.code_of(spoilt) == Code::not_found);
        REQUIRE(bench.made_safe == 1);
        REQUIRE(bench.guard->health().state == Health::State::ready);
        REQUIRE(bench.code_of(x) == Code::ok);
    }
}

void check_independence(Bench& bench) {
    const OwnedBlock x = bench.stimuli(several);
    const QueryContext context = test::with_number(7, 1000, 5000);
    const OwnedBlock together = bench.ask(x, context);
    REQUIRE_FALSE(bench.agree(together.view().slice(0, 1), together.view().slice(1, 1)));

    // One by one, in an order that has nothing to do with the block's.
    std::vector<std::uint32_t> order(several);
    for (std::uint32_t i = 0; i < several; ++i) {
        order[i] = i;
    }
    KeyedRandom(1, "order").shuffle(order, 0);
    OwnedBlock alone(together.channels(), several);
    for (const std::uint32_t i : order) {
        bench.guard->query(x.view().slice(i, 1), alone.view().slice(i, 1),
                           QueryPart(context, i, 1).context());
    }
    REQUIRE(bench.agree(together.view(), alone.view()));

    for (std::size_t cut = 1; cut < several; cut += 3) {
        OwnedBlock split(together.channels(), several);
        bench.guard->query(x.view().slice(0, cut), split.view().slice(0, cut),
                           QueryPart(context, 0, cut).context());
        bench.guard->query(x.view().slice(cut, several - cut),
                           split.view().slice(cut, several - cut),
                           QueryPart(context, cut, several - cut).context());
        CAPTURE(cut);
        REQUIRE(bench.agree(together.view(), split.view()));
    }
}

void check_repeatability(const Subject& subject) {
    Bench one(subject);
    Bench three(subject, {}, 3);
    const OwnedBlock x = one.stimuli(several);
    const QueryContext context = test::with_number(3, 4, 5);
    const OwnedBlock first = one.ask(x, context);
    static_cast<void>(one.ask(one.stimuli(2), test::with_number(9, 9, 9)));
    REQUIRE(one.agree(first.view(), one.ask(x, context).view()));
    REQUIRE(one.agree(first.view(), three.ask(x, context).view()));
}

/// After a query that ended early: the layer was made safe, says that it is well, and works.
void check_unharmed(Bench& bench) {
    REQUIRE(bench.made_safe == 1);
    REQUIRE(bench.guard->health().state == Health::State::ready);
    REQUIRE(bench.code_of(bench.stimuli(2)) == Code::ok);
}

void check_deadline(Bench& bench) {
    const QueryContext context = test::with_deadline(Deadline::after(bench.clock, 1h));
    SECTION("that passed before") {
        bench.clock.advance(1h);
    }
    SECTION("that passes on the way") {
        bench.clock.at_look(2, [&] { bench.clock.advance(1h); });
    }
    REQUIRE(bench.code_of(bench.stimuli(many), context) == Code::deadline_exceeded);
    check_unharmed(bench);
}

void check_stop(Bench& bench) {
    std::stop_source stop;
    SECTION("requested before") {
        stop.request_stop();
    }
    SECTION("requested on the way") {
        bench.clock.at_look(1, [&] { stop.request_stop(); });
    }
    REQUIRE(bench.code_of(bench.stimuli(many), test::with_stop(stop.get_token())) ==
            Code::cancelled);
    check_unharmed(bench);
}

void check_times(Bench& bench) {
    std::vector<SampleTime> times(several);
    const Clock::Monotonic before = bench.clock.now();
    static_cast<void>(bench.ask(bench.stimuli(several), test::with_times(times)));
    Clock::Monotonic last = before;
    for (const SampleTime& time : times) {
        REQUIRE(time.start >= last);
        REQUIRE(time.end >= time.start);
        last = time.start;
    }
    REQUIRE(times.back().end <= bench.clock.now());
}

void check_safe_state(Bench& bench) {
    REQUIRE(bench.guard->make_safe().state == SafeState::State::safe);
    REQUIRE(bench.guard->make_safe().state == SafeState::State::safe);
    REQUIRE(bench.code_of(bench.stimuli(1)) == Code::ok);
    bench.guard->recover(Deadline::never(), {}); // mends nothing, harms nothing
    REQUIRE(bench.code_of(bench.stimuli(1)) == Code::ok);
    bench.made_safe = 0;
    bench.guard.reset();
    REQUIRE(bench.made_safe == 1);
}

} // namespace

void check_contract(const Subject& subject) {
    Bench bench(subject);
    SECTION("it says what it is") {
        check_spec(bench.guard->spec());
    }
    SECTION("it refuses wrong shapes") {
        check_shapes(bench);
    }
    if (bench.closed()) {
        SECTION("it answers nothing that it does not know") {
            check_unknown(bench);
        }
    } else {
        SECTION("it answers the extremes within its range") {
            check_extremes(bench);
        }
    }
    SECTION("samples do not depend on order, batch or neighbours") {
        check_independence(bench);
    }
    SECTION("the same question has the same answer, on any number of threads") {
        check_repeatability(subject);
    }
    SECTION("it keeps a deadline") {
        check_deadline(bench);
    }
    SECTION("it stops when asked to") {
        check_stop(bench);
    }
    SECTION("it gives each sample its time") {
        check_times(bench);
    }
    SECTION("it is made safe on demand and at its end") {
        check_safe_state(bench);
    }
    check_failures(subject);
}

} // namespace phyll::conformance
