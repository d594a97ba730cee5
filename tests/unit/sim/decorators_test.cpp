#include "drivers/core/query_part.hpp"
#include "drivers/core/raw_samples.hpp"
#include "sim/rigs/decorators/disturbed.hpp"
#include "sim/rigs/decorators/latency.hpp"
#include "sim/rigs/decorators/noise.hpp"
#include "sim/rigs/decorators/probe.hpp"
#include "sim/rigs/decorators/timed.hpp"
#include "tests/unit/sim/support.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <thread>

using namespace phyll;
using namespace phyll::sim;
using namespace phyll::test;
using namespace std::chrono_literals;

namespace {

/// Echo with a nominal time, and a clock that a query moves on: what computing does to real time.
class Busy final : public Decorator {
  public:
    Busy(std::unique_ptr<PhysicalLayer> inner, ManualClock& clock, Seconds per_query)
        : Decorator(std::move(inner)),
          spec_(Decorator::spec()),
          clock_(clock),
          per_query_(per_query) {
        spec_.seconds_per_sample = 0.5;
    }
    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }
    void query(ConstBlock x, Block y, const QueryContext& context) override {
        Decorator::query(x, y, context);
        clock_.advance(per_query_);
    }

  private:
    LayerSpec spec_;
    ManualClock& clock_;
    Seconds per_query_;
};

struct Bench {
    Workers workers{1};
    ManualClock clock;

    std::unique_ptr<PhysicalLayer> echo() { return default_rig("echo", workers); }
    std::unique_ptr<PhysicalLayer> busy(Seconds per_query) {
        return std::make_unique<Busy>(echo(), clock, per_query);
    }
    std::unique_ptr<PhysicalLayer> with_fault(FaultPlan plan) {
        return std::make_unique<Faults>(echo(), std::vector{plan}, clock);
    }
};

/// Echo that says it answers in whole numbers.
class Whole final : public Decorator {
  public:
    explicit Whole(std::unique_ptr<PhysicalLayer> inner)
        : Decorator(std::move(inner)), spec_(Decorator::spec()) {
        spec_.response_storage.kind = StorageFormat::Kind::u8;
    }
    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }

  private:
    LayerSpec spec_;
};

} // namespace

TEST_CASE("a part of a block keeps its samples' numbers, ages and times") {
    std::vector<SampleTime> times(5);
    QueryContext whole = with_number(1, 10, 100);
    whole.times = times;
    const QueryPart parted(whole, 2, 3);
    const QueryContext& part = parted.context();
    REQUIRE(part.key == 1);
    REQUIRE(part.number == 12);
    REQUIRE(part.age == 102);
    REQUIRE(part.times.data() == times.data() + 2);
    REQUIRE(part.times.size() == 3);
    REQUIRE(part.raw == nullptr);
}

TEST_CASE("what a part of a part keeps has its place in the whole block") {
    RawSamples raw({false, false, false, true, false});
    QueryContext whole;
    whole.raw = &raw;
    const QueryPart part(whole, 1, 4);
    const QueryPart inner(part.context(), 2, 2);
    REQUIRE(inner.context().raw->wants(0));
    REQUIRE_FALSE(inner.context().raw->wants(1));
    const std::vector<std::byte> bytes(3, std::byte{7});
    inner.context().raw->keep(0, "bytes", bytes);
    REQUIRE(raw.kept().size() == 1);
    REQUIRE(raw.kept()[0].sample == 3);
    REQUIRE(raw.kept()[0].type == "bytes");
    REQUIRE(raw.kept()[0].bytes == bytes);
}

TEST_CASE("Timed looks at the deadline between slices and gives each slice its time") {
    Bench bench;
    Timed timed(bench.busy(1s), bench.clock, 4);
    const OwnedBlock x = uniform_stimuli(timed.spec(), 10);
    std::vector<SampleTime> times(10);
    const auto start = bench.clock.now();
    REQUIRE(same_bits(answer(timed, x, with_times(times)).view(), x.view()));
    REQUIRE(times[0].start == start);
    REQUIRE(times[3].end == start + 1s);
    REQUIRE(times[4].start == start + 1s);
    REQUIRE(times[9].end == start + 3s);

    const auto before = bench.clock.now();
    REQUIRE(code_of([&] {
                return answer(timed, x, with_deadline(Deadline::after(bench.clock, 1.5s)));
            }) == Code::deadline_exceeded);
    REQUIRE(bench.clock.now() == before + 2s); // the third slice was not begun
}

TEST_CASE("latency takes the nominal time on the clock") {
    Bench bench;
    Latency latency(bench.busy(0s), bench.clock);
    const OwnedBlock x = uniform_stimuli(latency.spec(), 4);
    std::vector<SampleTime> times(4);
    const auto start = bench.clock.now();
    OwnedBlock y;
    std::thread caller([&] { y = answer(latency, x, with_times(times)); });
    bench.clock.await_waiters(1);
    bench.clock.advance(2s);
    caller.join();
    REQUIRE(same_bits(y.view(), x.view()));
    REQUIRE(times[0].start == start);
    REQUIRE(times[2].start == start + 1s);
    REQUIRE(times[3].end == start + 2s);
}

TEST_CASE("latency ends at once on a stop request and at the deadline") {
    Bench bench;
    Latency latency(bench.busy(0s), bench.clock);
    const OwnedBlock x = uniform_stimuli(latency.spec(), 4);
    Code code = Code::ok;
    SECTION("stop") {
        std::stop_source stop;
        std::thread caller([&] {
            code = code_of([&] { return answer(latency, x, with_stop(stop.get_token())); });
        });
        bench.clock.await_waiters(1);
        stop.request_stop();
        caller.join();
        REQUIRE(code == Code::cancelled);
    }
    SECTION("deadline") {
        const Deadline deadline = Deadline::after(bench.clock, 1s);
        std::thread caller(
            [&] { code = code_of([&] { return answer(latency, x, with_deadline(deadline)); }); });
        bench.clock.await_waiters(1);
        bench.clock.advance(1s);
        caller.join();
        REQUIRE(code == Code::deadline_exceeded);
    }
}

TEST_CASE("noise has the amplitude that it is told and is white over samples and outputs") {
    Bench bench;
    constexpr std::size_t samples = 4000;
    std::vector<double> deviations(16, 0.1);
    deviations[3] = 0.0;
    Noise noise(bench.echo(), deviations, 1);
    const OwnedBlock x(16, samples);
    const OwnedBlock y = answer(noise, x);
    for (std::size_t k = 0; k < 16; ++k) {
        double mean = 0.0;
        double square = 0.0;
        double with_next = 0.0;
        for (std::size_t i = 0; i < samples; ++i) {
            const double value = y.sample(i)[k];
            mean += value / samples;
            square += value * value / samples;
            with_next += value * y.sample(i)[(k + 1) % 16] / samples;
        }
        CAPTURE(k);
        REQUIRE(mean == Approx(0.0).margin(5 * deviations[k] / std::sqrt(samples)));
        REQUIRE(std::sqrt(square) == Approx(deviations[k]).epsilon(5 / std::sqrt(2.0 * samples)));
        REQUIRE(with_next == Approx(0.0).margin(5 * 0.01 / std::sqrt(samples)));
    }
}

TEST_CASE("noise is a function of seed, key and number") {
    Bench bench;
    const std::vector<double> deviations(16, 0.1);
    Noise noise(bench.echo(), deviations, 1);
    Noise other_seed(bench.echo(), deviations, 2);
    const OwnedBlock x(16, 1);
    const OwnedBlock y = answer(noise, x, with_number(5, 9));
    REQUIRE(same_bits(y.view(), answer(noise, x, with_number(5, 9, 77)).view()));
    REQUIRE_FALSE(same_bits(y.view(), answer(noise, x, with_number(5, 10)).view()));
    REQUIRE_FALSE(same_bits(y.view(), answer(noise, x, with_number(6, 9)).view()));
    REQUIRE_FALSE(same_bits(y.view(), answer(other_seed, x, with_number(5, 9)).view()));
}

TEST_CASE("noise widens the range that a guard accepts") {
    Bench bench;
    const Noise noise(bench.echo(), std::vector<double>(16, 0.1), 1);
    REQUIRE(noise.spec().outputs[0].minimum == Approx(-0.9));
    REQUIRE(noise.spec().outputs[0].maximum == Approx(1.9));
    REQUIRE(noise.spec().response_storage.kind == StorageFormat::Kind::float32);
    REQUIRE(code_of([&] { const Noise bad(bench.echo(), {0.1}, 1); }) == Code::invalid_argument);
}

TEST_CASE("noise is stored as floats, whatever the device below it gives") {
    Bench bench;
    std::unique_ptr<PhysicalLayer> device = default_rig("electronic", bench.workers);
    REQUIRE(device->spec().response_storage.kind == StorageFormat::Kind::u16_scaled);
    const Noise noise(std::move(device), std::vector<double>(20, 0.001), 1);
    REQUIRE(noise.spec().response_storage.kind == StorageFormat::Kind::float32);
}

TEST_CASE("a failing query fails as often as planned") {
    Bench bench;
    const auto layer = bench.with_fault({FaultPlan::Kind::fail, 1, 2});
    const OwnedBlock x = uniform_stimuli(layer->spec(), 2);
    std::vector<Code> codes;
    for (int i = 0; i < 4; ++i) {
        codes.push_back(code_of([&] { return answer(*layer, x); }));
    }
    REQUIRE(codes == std::vector{Code::ok, Code::unavailable, Code::unavailable, Code::ok});
    REQUIRE(layer->health().state == Health::State::ready);
}

TEST_CASE("impossible responses are what they are called") {
    Bench bench;
    const auto nan = bench.with_fault({FaultPlan::Kind::not_finite, 0});
    const OwnedBlock x = uniform_stimuli(nan->spec(), 2);
    REQUIRE(std::isnan(answer(*nan, x).view().values().back()));
    REQUIRE(same_bits(answer(*nan, x).view(), x.view()));
    const auto loud = bench.with_fault({FaultPlan::Kind::out_of_range, 0});
    REQUIRE(answer(*loud, x).view().values().back() > 1.0F);
}

TEST_CASE("a hanging query ends on stop or deadline only") {
    Bench bench;
    const auto layer = bench.with_fault({FaultPlan::Kind::hang, 0});
    const OwnedBlock x = uniform_stimuli(layer->spec(), 1);
    Code code = Code::ok;
    std::stop_source stop;
    const bool by_stop = GENERATE(true, false);
    const Deadline deadline = by_stop ? Deadline::never() : Deadline::after(bench.clock, 60s);
    std::thread caller([&] {
        QueryContext context = with_deadline(deadline);
        context.stop = stop.get_token();
        code = code_of([&] { return answer(*layer, x, context); });
    });
    bench.clock.await_waiters(1);
    if (by_stop) {
        stop.request_stop();
    } else {
        bench.clock.advance(60s);
    }
    caller.join();
    REQUIRE(code == (by_stop ? Code::cancelled : Code::deadline_exceeded));
    REQUIRE(code_of([&] { return answer(*layer, x); }) == Code::ok);
}

TEST_CASE("a query that is stuck heeds nothing until it is let go") {
    Bench bench;
    std::stop_source let_go;
    Faults layer(bench.echo(), {{FaultPlan::Kind::stuck, 0}}, bench.clock, let_go.get_token());
    const OwnedBlock x = uniform_stimuli(layer.spec(), 1);
    std::stop_source stop;
    Code code = Code::ok;
    std::thread caller([&] {
        QueryContext context = with_deadline(Deadline::after(bench.clock, 1s));
        context.stop = stop.get_token();
        code = code_of([&] { return answer(layer, x, context); });
    });
    bench.clock.await_waiters(1);
    stop.request_stop();
    bench.clock.advance(1h);
    bench.clock.await_waiters(1);
    let_go.request_stop();
    caller.join();
    REQUIRE(code == Code::unavailable); // neither cancelled nor late: it never looked
    REQUIRE(code_of([&] { return answer(layer, x); }) == Code::ok);
}

TEST_CASE("faults planned later are counted from the next query") {
    Bench bench;
    Faults layer(bench.echo(), {{FaultPlan::Kind::fail, 1, 1}}, bench.clock);
    const OwnedBlock x = uniform_stimuli(layer.spec(), 1);
    const auto codes = [&](int queries) {
        std::vector<Code> seen;
        for (int i = 0; i < queries; ++i) {
            seen.push_back(code_of([&] { return answer(layer, x); }));
        }
        return seen;
    };
    REQUIRE(codes(3) == std::vector{Code::ok, Code::unavailable, Code::ok});
    layer.inject({FaultPlan::Kind::fail, 0, 1});
    layer.inject({FaultPlan::Kind::fail, 2, 2});
    REQUIRE(codes(5) == std::vector{Code::unavailable, Code::ok, Code::unavailable,
                                    Code::unavailable, Code::ok});
    layer.inject({FaultPlan::Kind::disconnect, 0, 1});
    REQUIRE(codes(1) == std::vector{Code::unavailable});
    REQUIRE(layer.health().state == Health::State::fault);
}

TEST_CASE("a disconnected layer needs as many recoveries as planned") {
    Bench bench;
    const auto layer = bench.with_fault({FaultPlan::Kind::disconnect, 1, 2});
    const OwnedBlock x = uniform_stimuli(layer->spec(), 1);
    const auto ask = [&] { return code_of([&] { return answer(*layer, x); }); };
    const auto recover = [&] { return code_of([&] { layer->recover(Deadline::never(), {}); }); };
    REQUIRE(ask() == Code::ok);
    REQUIRE(ask() == Code::unavailable);
    REQUIRE(ask() == Code::unavailable);
    REQUIRE(layer->health().state == Health::State::fault);
    REQUIRE(layer->make_safe().state == SafeState::State::safe);
    REQUIRE(recover() == Code::unavailable);
    REQUIRE(layer->health().state == Health::State::fault);
    REQUIRE(recover() == Code::ok);
    REQUIRE(layer->health().state == Health::State::ready);
    REQUIRE(ask() == Code::ok);
}

TEST_CASE("disturbed stacks what is asked for and nothing else") {
    Bench bench;
    const RigSite site{.seed = 1, .workers = &bench.workers};
    const auto make = [&](const Disturbances& disturbances) {
        return disturbed(default_rig("echo", bench.workers), disturbances, site, bench.clock);
    };
    const OwnedBlock x = uniform_stimuli(make({})->spec(), 300);
    REQUIRE(same_bits(answer(*make({}), x).view(), x.view()));

    // Uniform stimuli of an echo have a standard deviation of 1/sqrt(12).
    const auto noisy = make({.noise = 0.1});
    const OwnedBlock y = answer(*noisy, x);
    double square = 0.0;
    for (std::size_t i = 0; i < y.samples(); ++i) {
        square += std::pow(y.sample(i)[0] - x.sample(i)[0], 2) / 300;
    }
    REQUIRE(std::sqrt(square) == Approx(0.1 / std::sqrt(12.0)).epsilon(0.25));

    REQUIRE(code_of([&] { return answer(*make({.faults = {{}}}), x); }) == Code::unavailable);
    REQUIRE(code_of([&] { return make({.perturb = 0.1}); }) == Code::failed_precondition);
    REQUIRE(code_of([&] { return make({.drift_samples = 100}); }) == Code::failed_precondition);
    REQUIRE(code_of([&] { return make({.noise = -1}); }) == Code::invalid_argument);
}
