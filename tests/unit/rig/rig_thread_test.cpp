#include "daemon/rig/rig_thread.hpp"
#include "drivers/core/guard.hpp"
#include "drivers/core/raw_samples.hpp"
#include "tests/support/scripted_layer.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <cstring>
#include <future>
#include <numeric>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

using namespace phyll;
using rig::LeasedRig;
using rig::Measurement;
using rig::RigThread;
using test::Script;
using test::ScriptedLayer;

namespace {

struct Bench {
    SystemClock clock;
    std::shared_ptr<Script> script = std::make_shared<Script>();

    RigThread::Maker maker() {
        return [s = script] { return std::make_unique<Guard>(std::make_unique<ScriptedLayer>(s)); };
    }
};

OwnedBlock ramp(std::size_t samples) {
    OwnedBlock x(2, samples);
    for (std::size_t i = 0; i < samples; ++i) {
        x.sample(i)[0] = static_cast<float>(i) / static_cast<float>(samples);
    }
    return x;
}

/// The usual answer, and its number raw for every sample that is wanted.
void answer_with_raw(ConstBlock x, Block y, const QueryContext& context) {
    for (std::size_t i = 0; i < x.samples(); ++i) {
        y.sample(i)[0] = x.sample(i)[0];
        if (context.raw != nullptr && context.raw->wants(i)) {
            context.raw->keep(i, "float32", std::as_bytes(y.sample(i)));
        }
    }
}

/// A sink that may be used on the thread that it was made on, and on no other.
class OwnThread final : public RawSink {
  public:
    [[nodiscard]] bool wants(std::size_t sample) const override {
        look();
        return sample % 3 == 0;
    }
    void keep(std::size_t sample, std::string_view, std::span<const std::byte> bytes) override {
        look();
        samples.push_back(sample);
        values.emplace_back();
        std::memcpy(&values.back(), bytes.data(), sizeof(float));
    }

    std::thread::id own = std::this_thread::get_id();
    mutable std::atomic<bool> elsewhere = false;
    std::vector<std::size_t> samples;
    std::vector<float> values;

  private:
    void look() const {
        if (std::this_thread::get_id() != own) {
            elsewhere = true;
        }
    }
};

} // namespace

TEST_CASE("a block larger than the rig's batch is cut, numbers and age go on") {
    Bench bench;
    RigThread rig("r", bench.maker(), bench.clock, 100);
    const OwnedBlock x = ramp(10);
    OwnedBlock y(1, 10);
    std::vector<SampleTime> times(10);
    QueryContext context;
    context.key = 7;
    context.number = 40;
    context.age = 1000;
    context.times = times;
    LeasedRig(rig, {}).query(x.view(), y.view(), context);
    for (std::size_t i = 0; i < 10; ++i) {
        REQUIRE(y.sample(i)[0] == 2.0F * x.sample(i)[0]);
    }
    const auto seen = bench.script->seen();
    REQUIRE(seen.size() == 3);
    REQUIRE(seen[2].key == 7);
    REQUIRE(seen[2].number == 48);
    REQUIRE(seen[2].age == 1008);
    REQUIRE(seen[2].samples == 2);
    REQUIRE(rig.status().age == 110);
    REQUIRE(rig.status().driven);
}

TEST_CASE(
    "what is kept raw has its place in the caller's block, and comes on the caller's thread") {
    Bench bench;
    bench.script->answer = answer_with_raw;
    RigThread rig("r", bench.maker(), bench.clock, 0);
    const OwnedBlock x = ramp(10); // in batches of four
    OwnedBlock y(1, 10);
    OwnThread raw;
    QueryContext context;
    context.raw = &raw;
    LeasedRig(rig, {}).query(x.view(), y.view(), context);
    REQUIRE_FALSE(raw.elsewhere);
    REQUIRE(raw.samples == std::vector<std::size_t>{0, 3, 6, 9});
    for (std::size_t j = 0; j < raw.samples.size(); ++j) {
        REQUIRE(raw.values[j] == x.sample(raw.samples[j])[0]);
    }
}

TEST_CASE("of a block that fails in its last batch nothing is kept raw") {
    Bench bench;
    bench.script->answer = [](ConstBlock x, Block y, const QueryContext& context) {
        answer_with_raw(x, y, context);
        if (context.number >= 8) {
            throw Error(Code::unavailable, "no signal");
        }
    };
    RigThread rig("r", bench.maker(), bench.clock, 0);
    const OwnedBlock x = ramp(10);
    OwnedBlock y(1, 10);
    OwnThread raw;
    QueryContext context;
    context.raw = &raw;
    REQUIRE_THROWS_WITH(rig.query(x.view(), y.view(), context), "no signal");
    REQUIRE(raw.samples.empty());
    REQUIRE_FALSE(raw.elsewhere);
}

TEST_CASE("a direct measurement happens at the rig's own age") {
    Bench bench;
    RigThread rig("r", bench.maker(), bench.clock, 5);
    const auto measurement = std::make_shared<Measurement>();
    measurement->stimuli = ramp(3);
    std::promise<void> done;
    rig.measure(measurement, [&] { done.set_value(); });
    done.get_future().get();
    REQUIRE_FALSE(measurement->failure);
    REQUIRE(measurement->context.age == 5);
    REQUIRE(measurement->responses.samples() == 3);
    REQUIRE(rig.status().age == 8);
}

TEST_CASE("a measurement is refused as a whole, before anything is measured or room is made") {
    Bench bench;
    RigThread rig("r", bench.maker(), bench.clock, 5);
    const auto refusal = [&](OwnedBlock stimuli) {
        const auto measurement = std::make_shared<Measurement>();
        measurement->stimuli = std::move(stimuli);
        std::promise<void> done;
        rig.measure(measurement, [&] { done.set_value(); });
        done.get_future().get();
        REQUIRE(measurement->responses.samples() == 0);
        try {
            std::rethrow_exception(measurement->failure);
        } catch (const Error& error) {
            REQUIRE((error.code() == Code::invalid_argument || error.code() == Code::out_of_range));
            return std::string(error.what());
        }
    };
    OwnedBlock late = ramp(10); // in the third batch of four
    late.sample(9)[1] = 1.5F;
    REQUIRE(refusal(std::move(late)) ==
            "stimuli[9][1]: drive 1.5 on input 'in' (sample 9, channel 1); valid is 0 to 1");
    // Nothing to send, terabytes to answer.
    REQUIRE(refusal(OwnedBlock(0, std::size_t{1} << 40U)) ==
            "stimuli: 0 values per sample, but the rig has 2 inputs");
    REQUIRE(refusal(OwnedBlock(2, 0)) == "stimuli: no sample; at least one is needed");
    REQUIRE(bench.script->queries == 0);
    REQUIRE(rig.status().age == 5);
    REQUIRE_FALSE(rig.status().driven);
}

TEST_CASE("what the rig throws reaches whoever asked, and the rig serves on") {
    Bench bench;
    RigThread rig("r", bench.maker(), bench.clock, 0);
    OwnedBlock y(1, 2);
    bench.script->answer = [](ConstBlock, Block, const QueryContext&) {
        throw Error(Code::unavailable, "no signal");
    };
    const OwnedBlock x = ramp(2);
    REQUIRE_THROWS_WITH(rig.query(x.view(), y.view(), {}), "no signal");
    bench.script->answer = nullptr;
    REQUIRE_NOTHROW(rig.query(x.view(), y.view(), {}));
    rig.recover(Deadline::never(), {});
    REQUIRE(bench.script->recovered == 1);
}

TEST_CASE(
    "whoever observes a rig hears of each query, however it ended, before who asked it does") {
    Bench bench;
    std::vector<rig::QueryEnd> ends;
    RigThread rig("r", bench.maker(), bench.clock, 0, {},
                  [&](const rig::QueryEnd& end) { ends.push_back(end); });
    const OwnedBlock x = ramp(10);
    OwnedBlock y(1, 10);
    rig.query(x.view(), y.view(), {});
    REQUIRE(ends.size() == 1); // it took three batches
    REQUIRE(ends[0].code == Code::ok);
    REQUIRE(ends[0].samples == 10);
    REQUIRE(ends[0].seconds > 0.0);

    bench.script->answer = [](ConstBlock, Block, const QueryContext&) {
        throw Error(Code::unavailable, "no signal");
    };
    REQUIRE_THROWS(rig.query(x.view(), y.view(), {}));
    REQUIRE(ends.size() == 2);
    REQUIRE(ends[1].code == Code::unavailable);
    REQUIRE(ends[1].samples == 0);
}

TEST_CASE("how far a rig's sentinels moved is not known until a run has looked") {
    Bench bench;
    RigThread rig("r", bench.maker(), bench.clock, 0);
    REQUIRE_FALSE(rig.sentinels_moved());
    rig.note_sentinels(0.0);
    REQUIRE(rig.sentinels_moved() == 0.0);
    rig.note_sentinels(0.25);
    REQUIRE(rig.sentinels_moved() == 0.25);
}

TEST_CASE("a query under way ends on its own stop token, on abort, and with the rig") {
    Bench bench;
    std::atomic<bool> begun = false;
    bench.script->answer = test::hang(bench.clock, begun);
    auto rig = std::make_unique<RigThread>("r", bench.maker(), bench.clock, 0);
    const auto measurement = std::make_shared<Measurement>();
    measurement->stimuli = ramp(1);
    std::stop_source stop;
    measurement->context.stop = stop.get_token();
    std::promise<void> done;
    rig->measure(measurement, [&] { done.set_value(); });
    begun.wait(false);
    SECTION("stop token") {
        stop.request_stop();
    }
    SECTION("abort") {
        rig->abort();
    }
    SECTION("destruction") {
        rig.reset();
    }
    done.get_future().get();
    REQUIRE(measurement->failure);
    REQUIRE(bench.script->made_safe >= 2); // when it was built, and when the query failed
}

TEST_CASE("destruction refuses what waits, makes the rig safe and lets it go") {
    Bench bench;
    std::atomic<bool> begun = false;
    bench.script->answer = test::hang(bench.clock, begun);
    auto rig = std::make_unique<RigThread>("r", bench.maker(), bench.clock, 0);
    std::vector<std::shared_ptr<Measurement>> waiting;
    std::atomic<int> answered = 0;
    for (int i = 0; i < 3; ++i) {
        waiting.push_back(std::make_shared<Measurement>());
        waiting.back()->stimuli = ramp(1);
        rig->measure(waiting.back(), [&] { ++answered; });
    }
    begun.wait(false);
    rig.reset();
    REQUIRE(answered == 3);
    REQUIRE(bench.script->queries == 1);
    REQUIRE(bench.script->gone);
    for (const auto& measurement : waiting) {
        REQUIRE_THROWS_AS(std::rethrow_exception(measurement->failure), Error);
    }
}

TEST_CASE("a rig that cannot be built throws where it is asked for") {
    Bench bench;
    const RigThread::Maker broken = []() -> std::unique_ptr<PhysicalLayer> {
        throw Error(Code::unavailable, "no such instrument");
    };
    REQUIRE_THROWS_WITH(RigThread("r", broken, bench.clock, 0), "no such instrument");
}

TEST_CASE("making safe is remembered until the rig is driven again") {
    Bench bench;
    RigThread rig("r", bench.maker(), bench.clock, 0);
    LeasedRig leased(rig, {});
    OwnedBlock y(1, 2);
    const OwnedBlock x = ramp(2);
    leased.query(x.view(), y.view(), {});
    REQUIRE(rig.status().driven);
    REQUIRE(leased.make_safe().state == SafeState::State::safe);
    REQUIRE_FALSE(rig.status().driven);
}

TEST_CASE("a rig that is no simulation can neither be displaced nor made to fail") {
    Bench bench;
    RigThread rig("r", bench.maker(), bench.clock, 0);
    REQUIRE(rig.perturbation() == 0.0);
    try {
        rig.displace(0.1, {});
        FAIL("it has no controls");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::failed_precondition);
        REQUIRE_THAT(error.what(), Catch::EndsWith("only simulated rigs can be displaced or made "
                                                   "to fail"));
    }
}

TEST_CASE("a simulation is displaced on the rig's own thread, and says so") {
    class Controls final : public rig::SimulationControls {
      public:
        explicit Controls(std::shared_ptr<Script> script) : script_(std::move(script)) {}
        double perturb(double fraction) override {
            if (fraction > 0.5) {
                throw Error(Code::failed_precondition, "too far");
            }
            fraction_ = fraction;
            thread = std::this_thread::get_id();
            return 10 * fraction;
        }
        [[nodiscard]] double perturbation() const override { return fraction_; }
        void inject(const v1::FaultConfig& fault) override {
            script_->answer = [kind = fault.kind()](ConstBlock, Block, const QueryContext&) {
                throw Error(Code::unavailable, kind);
            };
        }
        std::thread::id thread;

      private:
        std::shared_ptr<Script> script_;
        double fraction_ = 0.25;
    };
    Bench bench;
    Controls* controls = nullptr;
    std::thread::id rigs_own;
    const RigThread::Maker maker = [&]() -> rig::MadeRig {
        auto made = std::make_unique<Controls>(bench.script);
        controls = made.get();
        rigs_own = std::this_thread::get_id();
        return {std::make_unique<ScriptedLayer>(bench.script), std::move(made)};
    };
    RigThread rig("r", maker, bench.clock, 0);
    REQUIRE(rig.perturbation() == 0.25);
    rig.displace(0.5, {});
    REQUIRE(rig.perturbation() == 0.5);
    REQUIRE(controls->thread == rigs_own);
    REQUIRE_THROWS_WITH(rig.displace(0.75, {}), "too far");
    REQUIRE(rig.perturbation() == 0.5);
    rig.displace(0.0, {});
    rig.put_back({}); // to where it was before all of that
    REQUIRE(rig.perturbation() == 0.25);
    rig.put_back({});
    REQUIRE(rig.perturbation() == 0.25);

    v1::FaultConfig fault;
    fault.set_kind("smoke");
    std::promise<void> done;
    rig.simulate([&](rig::SimulationControls& c) { c.inject(fault); },
                 [&](const std::exception_ptr&) { done.set_value(); });
    done.get_future().get();
    OwnedBlock y(1, 2);
    REQUIRE_THROWS_WITH(rig.query(ramp(2).view(), y.view(), {}), "smoke");
}
