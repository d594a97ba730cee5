#include "daemon/runs/runner.hpp"
#include "drivers/core/error.hpp"
#include "tests/support/scripted_layer.hpp"
#include "tests/unit/runs/asking.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using namespace phyll::runs;
using test::Asking;
using test::Script;
using test::ScriptedLayer;
using training::Plan;
using training::Purpose;

namespace {

class Listening final : public RunObserver {
  public:
    void epoch(const v1::EpochMetrics& metrics) override { epochs.push_back(metrics); }
    void progress(const v1::Progress& progress) override {
        ++progresses;
        latest = progress;
    }
    void answered(const Plan&, ConstBlock responses) override { answers += responses.samples(); }
    bool era(const v1::EraEnded&, bool) override { return true; }
    void checkpoint(Checkpoint, const std::vector<v1::EpochMetrics>&) override {}
    std::size_t answers = 0;
    std::vector<v1::EpochMetrics> epochs;
    int progresses = 0;
    v1::Progress latest;
};

struct Bench {
    std::shared_ptr<Script> script = std::make_shared<Script>();
    ScriptedLayer layer{script};
    SystemClock clock;
    Listening observer;

    v1::RunResult run(Asking& scheme, const MeasurerOptions& options, std::stop_token stop = {}) {
        Measurer measurer(options);
        measurer.add_rig("r", layer, 100);
        return run_on(measurer, scheme, std::move(stop));
    }
    v1::RunResult run_on(Measurer& measurer, Asking& scheme, std::stop_token stop = {}) {
        return Runner(scheme, {.rigs = {"r", "r"}, .epochs = 1}, measurer, clock, observer)
            .run(std::move(stop));
    }
};

} // namespace

TEST_CASE("queries are cut to the rig's batch and numbered in one count, training and evaluation") {
    Bench bench;
    Asking scheme({{0, Purpose::training, {0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F}},
                   {1, Purpose::evaluation, {0.1F, 0.2F}},
                   {0, Purpose::training, {0.1F}}});
    const v1::RunResult result = bench.run(scheme, {.seed = 5});
    const auto seen = bench.script->seen();
    REQUIRE(seen.size() == 4); // 4 + 2, 2, 1
    REQUIRE(seen[0].samples == 4);
    std::vector<std::uint64_t> numbers;
    for (const auto& query : seen) {
        numbers.push_back(query.number);
        REQUIRE(query.age == 100 + query.number);
    }
    REQUIRE(numbers == std::vector<std::uint64_t>{0, 4, 6, 8});
    REQUIRE(seen[0].key == seen[3].key);
    REQUIRE(seen[0].key != seen[2].key); // another purpose
    REQUIRE(scheme.heard[1] == std::vector<float>{0.2F, 0.4F});

    REQUIRE(result.training_queries() == 7);
    REQUIRE(result.evaluation_queries() == 2);
    REQUIRE(result.layers(0).training_queries() == 7);
    REQUIRE(result.layers(1).evaluation_queries() == 2);
    REQUIRE(result.nominal_seconds() == Approx(4.5));
    REQUIRE(result.layers(0).encoded() == 20);
    REQUIRE(result.layers(0).clipped() == 2);
    REQUIRE(result.test_accuracy() == 0.75);
    REQUIRE(result.evidence() == v1::SIMULATION);
    REQUIRE(bench.observer.epochs.size() == 3);
    REQUIRE(bench.observer.epochs[2].training_queries() == 7);
    REQUIRE(bench.observer.progresses >= 1);
    REQUIRE(bench.observer.answers == 9);
}

TEST_CASE("runners on one measurer share numbers and memory, and each has its own account") {
    Bench bench;
    Measurer measurer({.seed = 5, .reuse = true});
    measurer.add_rig("r", bench.layer, 100);
    Asking first({{0, Purpose::training, {0.1F, 0.2F}}});
    Asking second({{0, Purpose::training, {0.2F, 0.3F}}});
    REQUIRE(bench.run_on(measurer, first).training_queries() == 2);
    const v1::RunResult result = bench.run_on(measurer, second);
    REQUIRE(result.training_queries() == 1);
    REQUIRE(result.layers(0).reused() == 1);
    REQUIRE(second.heard[0] == std::vector<float>{0.4F, 0.6F});
    const auto seen = bench.script->seen();
    REQUIRE(seen.back().number == 2);
    REQUIRE(seen.back().age == 102);
}

TEST_CASE("with reuse each stimulus is measured once, within a plan, across steps and layers") {
    Bench bench;
    Asking scheme({{0, Purpose::training, {0.1F, 0.2F, 0.1F}},
                   {1, Purpose::training, {0.2F, 0.3F}},
                   {0, Purpose::evaluation, {0.3F, 0.1F}}});
    const v1::RunResult result = bench.run(scheme, {.seed = 5, .reuse = true});
    REQUIRE(scheme.heard[0] == std::vector<float>{0.2F, 0.4F, 0.2F});
    REQUIRE(scheme.heard[1] == std::vector<float>{0.4F, 0.6F});
    REQUIRE(scheme.heard[2] == std::vector<float>{0.6F, 0.2F});
    REQUIRE(result.training_queries() == 3);
    REQUIRE(result.evaluation_queries() == 0);
    REQUIRE(result.layers(0).reused() == 3);
    REQUIRE(result.layers(1).reused() == 1);
}

TEST_CASE("a rig that answers what its storage format cannot hold fails the run") {
    Bench bench;
    bench.layer.store_responses_as({.kind = StorageFormat::Kind::u8});
    bench.script->answer = [](ConstBlock x, Block y, const QueryContext&) {
        y.sample(0)[0] = x.sample(0)[0] < 0.5F ? 1.0F : 0.75F;
    };
    Asking good({{0, Purpose::training, {0.1F}}});
    static_cast<void>(bench.run(good, {.seed = 5, .reuse = true}));
    REQUIRE(good.heard[0] == std::vector<float>{1.0F});
    Asking bad({{0, Purpose::training, {0.7F}}});
    try {
        static_cast<void>(bench.run(bad, {.seed = 5, .reuse = true}));
        FAIL("0.75 is no whole number");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::internal);
    }
}

TEST_CASE("the block size changes neither answers nor counts") {
    std::vector<std::vector<float>> first;
    for (const std::size_t block :
         {std::size_t{0}, std::size_t{1}, std::size_t{3}, std::size_t{100}}) {
        Bench bench;
        Asking scheme({{0, Purpose::training, {0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F, 0.7F}}});
        const v1::RunResult result = bench.run(scheme, {.seed = 5, .query_batch = block});
        REQUIRE(result.training_queries() == 7);
        if (first.empty()) {
            first = scheme.heard;
        }
        REQUIRE(scheme.heard == first);
    }
}

TEST_CASE("a stopped run ends with CANCELLED, a failing rig with its own words") {
    Bench bench;
    Asking scheme({{0, Purpose::training, {0.1F}}});
    std::stop_source stop;
    stop.request_stop();
    REQUIRE_THROWS_AS(bench.run(scheme, {}, stop.get_token()), Error);
    REQUIRE(bench.script->queries == 0);
    bench.script->answer = [](ConstBlock, Block, const QueryContext&) {
        throw Error(Code::unavailable, "cable is out");
    };
    REQUIRE_THROWS_WITH(bench.run(scheme, {}), "cable is out");
}

TEST_CASE("time is told apart: the scheme's, the rig's, what was waited for it, holds") {
    Bench bench;
    ManualClock clock;
    Seconds held{100.0}; // before this run
    bench.script->answer = [&](ConstBlock x, Block, const QueryContext& context) {
        const Clock::Monotonic start = clock.now();
        clock.advance(Seconds(2.0));
        context.times[0] = {start, clock.now()};
        for (std::size_t i = 1; i < x.samples(); ++i) {
            context.times[i] = context.times[0];
        }
        clock.advance(Seconds(0.5)); // on its way back
    };
    Asking scheme({{0, Purpose::training, {0.1F, 0.2F}},
                   {1, Purpose::training, {0.3F}},
                   {0, Purpose::evaluation, {0.1F}}});
    scheme.on_plan = [&] { clock.advance(Seconds(0.25)); };
    scheme.on_learn = [&] {
        clock.advance(Seconds(1.0));
        if (held < Seconds(107.0)) { // the disk is full for a while
            clock.advance(Seconds(7.0));
            held += Seconds(7.0);
        }
    };
    Measurer measurer({.seed = 5, .clock = &clock});
    measurer.add_rig("r", bench.layer, 100);
    const v1::RunResult result = Runner(scheme,
                                        {.rigs = {"r", "r"},
                                         .epochs = 1,
                                         .power = {.rigs = {{"r", 30.0}}, .digital = 4.0},
                                         .held_for = [&] { return held; }},
                                        measurer, clock, bench.observer)
                                     .run({});
    REQUIRE(result.layers(0).hardware_seconds() == Approx(4.0));
    REQUIRE(result.layers(1).hardware_seconds() == Approx(2.0));
    REQUIRE(result.layers(0).wait_seconds() == Approx(5.0));
    REQUIRE(result.layers(1).wait_seconds() == Approx(2.5));
    REQUIRE(result.layers(0).operations() == 100 + 300);
    REQUIRE(result.layers(1).operations() == 200);
    REQUIRE(result.layers(1).digital_seconds() == Approx(1.25));
    REQUIRE(result.hardware_seconds() == Approx(6.0));
    REQUIRE(result.wait_seconds() == Approx(7.5));
    REQUIRE(result.operations() == 600);
    REQUIRE(result.active_seconds() == Approx(7.5 + 3 * 1.25));
    REQUIRE(result.layers(0).hardware_joules() == Approx(120.0));
    REQUIRE(result.hardware_joules() == Approx(180.0));
    REQUIRE(result.layers(1).digital_joules() == Approx(5.0));

    // The same while it is under way.
    const v1::EpochMetrics& second = bench.observer.epochs[1];
    REQUIRE(second.operations() == 300);
    REQUIRE(second.wait_seconds() == Approx(5.0));
    REQUIRE(second.hardware_joules() == Approx(120.0));
    REQUIRE(second.active_seconds() == Approx(7.5));
    const v1::RunResult& so_far = bench.observer.latest.so_far();
    REQUIRE(so_far.layers_size() == 2);
    REQUIRE(so_far.wait_seconds() == Approx(7.5)); // all three queries
    REQUIRE(so_far.operations() == 300);           // the third step is still to be learned
    REQUIRE(so_far.test_accuracy() == 0.0);
    REQUIRE(so_far.evidence() == v1::EVIDENCE_UNSPECIFIED);
}

TEST_CASE("repeats of a stimulus are counted apart among the queries") {
    const auto [repeats, block] =
        GENERATE(table<std::uint32_t, std::size_t>({{3U, 0U}, {3U, 2U}, {5U, 1U}, {1U, 0U}}));
    Bench bench;
    Asking scheme({{0, Purpose::training, {0.1F, 0.2F, 0.3F}}, {1, Purpose::evaluation, {0.4F}}});
    const v1::RunResult result =
        bench.run(scheme, {.seed = 5, .repeats = repeats, .query_batch = block});
    CAPTURE(repeats, block);
    REQUIRE(result.training_queries() == 3 * repeats);
    REQUIRE(result.layers(0).repeat_queries() == 3 * (repeats - 1));
    REQUIRE(result.layers(1).repeat_queries() == repeats - 1);
    REQUIRE(result.repeat_queries() == 4 * (repeats - 1));
}

TEST_CASE("the hash of weights is a fixed function of names, shapes and values") {
    const std::vector<training::NamedArray> a{{"w", {2}, {1.0F, 2.0F}}};
    REQUIRE(weights_sha256(a) == weights_sha256(a));
    REQUIRE(weights_sha256(a).size() == 64);
    REQUIRE(weights_sha256(a) != weights_sha256({{"v", {2}, {1.0F, 2.0F}}}));
    REQUIRE(weights_sha256(a) != weights_sha256({{"w", {2, 1}, {1.0F, 2.0F}}}));
    REQUIRE(weights_sha256(a) != weights_sha256({{"w", {2}, {1.0F, 2.5F}}}));
}
