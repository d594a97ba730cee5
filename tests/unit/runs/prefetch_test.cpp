// A rig that measures the next step while this one is learned from: whatever befalls the run, it
// tells, keeps and asks the same, in the same order, as where it does one after the other.

#include "daemon/config/load.hpp"
#include "daemon/runs/job.hpp"
#include "daemon/runs/runner.hpp"
#include "drivers/core/random.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/scheme_options.hpp"
#include "tests/support/scripted_layer.hpp"
#include "tests/unit/runs/asking.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <future>
#include <optional>
#include <string>
#include <vector>

using namespace phyll;
using namespace phyll::runs;
using test::Asking;
using test::Script;
using test::ScriptedLayer;
using training::Plan;
using training::Purpose;

namespace {

constexpr std::size_t width = 20;

std::string without_times(v1::RunResult result) {
    result.clear_digital_seconds();
    result.clear_wait_seconds();
    result.clear_active_seconds();
    for (v1::LayerCost& cost : *result.mutable_layers()) {
        cost.clear_digital_seconds();
        cost.clear_wait_seconds();
    }
    return result.DebugString();
}

/// Takes down all that a run tells, in order.
class Listener final : public RunObserver, public Trouble {
  public:
    void epoch(const v1::EpochMetrics& metrics) override {
        told.push_back(fmt::format("epoch {} {:a} {} {}", metrics.step(), metrics.loss(),
                                   metrics.training_queries(), metrics.sentinel_queries()));
    }
    void progress(const v1::Progress&) override {}
    void answered(const Plan& plan, ConstBlock responses) override {
        told.push_back(fmt::format("answered {} {} {:a}", plan.layer, responses.samples(),
                                   responses.values().back()));
    }
    bool era(const v1::EraEnded& era, bool) override {
        told.push_back(era.DebugString());
        return true;
    }
    void checkpoint(Checkpoint checkpoint, const std::vector<v1::EpochMetrics>& epochs) override {
        for (const v1::EpochMetrics& metrics : epochs) {
            epoch(metrics);
        }
        RunPosition position = checkpoint.position;
        position.clear_overlap_seconds();
        position.clear_result();
        told.push_back(fmt::format("checkpoint {} {} {}", position.DebugString(),
                                   without_times(checkpoint.position.result()),
                                   weights_sha256(checkpoint.state)));
        latest = std::move(checkpoint);
    }
    void rig_failed(const std::string&, PhysicalLayer&, const Error& error,
                    const std::stop_token&) override {
        told.push_back(error.what());
    }
    void disk_failed(const Error& error, const std::stop_token&) override { throw error; }
    void rig_worked(const std::stop_token&) override {}
    void over(const std::stop_token&) override {}

    std::vector<std::string> told;
    std::optional<Checkpoint> latest;
};

/// A small run with its journal, on a noisy, drifting rig that can be displaced and moved, and a
/// checkpoint after every step in which something was measured.
struct Lab {
    Lab(const std::string& training, bool prefetch)
        : spec(config::load_run_spec(
              fmt::format("seed = 1\n[data]\nkind = \"vowels\"\ntraining_samples = 35\n"
                          "test_samples = 14\n[checkpoints]\nsamples = 1\n"
                          "[sentinels]\nevery = 100\n[[perturb]]\nrig = \"r\"\nat_epoch = 2\n"
                          "fraction = 0.001\n[training]\nepochs = 2\nbatch = 12\n"
                          "prefetch = {}\n{}",
                          prefetch, training),
              "run.toml", {}, test::SchemeOptions())) {
        script->answer = [this](ConstBlock x, Block y, const QueryContext& context) {
            ++queries;
            if (on_query) {
                on_query(queries);
            }
            const KeyedRandom random(context.key);
            for (std::size_t i = 0; i < x.samples(); ++i) {
                const double age = 1e-7 * static_cast<double>(context.age + i) + displaced;
                for (std::size_t k = 0; k < width; ++k) {
                    const float sum = x.sample(i)[k] + x.sample(i)[(k + 7) % width];
                    y.sample(i)[k] =
                        moved + static_cast<float>(std::sin(2.0F * sum) + age +
                                                   0.02 * random.normal(context.number + i, k));
                }
            }
        };
    }

    /// Goes on from the latest checkpoint, if there is one; what ended it, empty: it came to its
    /// end.
    std::string run() {
        const auto no_files = [](const std::string&) -> std::string { return ""; };
        RunJournal journal({.path = dir.path() / "journal", .rigs = {{"r", &layer.spec()}}}, clock);
        const Job job = prepare(
            spec, [&](const std::string&) -> const LayerSpec& { return layer.spec(); }, no_files);
        Measurer measurer({.seed = 1,
                           .reuse = job.reuse,
                           .repeats = repeats_of(spec),
                           .journal = &journal,
                           .trouble = &listener,
                           .sentinels = spec.sentinels(),
                           .pause = pause.get_token(),
                           .clock = &clock});
        measurer.add_rig(
            "r", RigAccess{.layer = &layer, .start_age = 100, .perturb = [this](double fraction) {
                               displaced = fraction;
                           }});
        Runner runner(*job.scheme, runner_options(spec, job.rigs), measurer, clock, listener);
        if (listener.latest) {
            runner.restore(*listener.latest);
        }
        try {
            result = without_times(runner.run(stop.get_token(), pause.get_token()));
        } catch (const Error& error) {
            return error.what();
        }
        return "";
    }

    [[nodiscard]] std::vector<std::string> asked() const {
        std::vector<std::string> out;
        for (const Script::Seen& seen : script->seen()) {
            out.push_back(
                fmt::format("{} {} {} {}", seen.key, seen.number, seen.age, seen.samples));
        }
        return out;
    }

    v1::RunSpec spec;
    test::TempDir dir;
    SystemClock clock;
    std::shared_ptr<Script> script = std::make_shared<Script>();
    ScriptedLayer layer{script, width, width, 50};
    Listener listener;
    std::function<void(std::uint64_t query)> on_query;
    std::uint64_t queries = 0; ///< over all attempts
    double displaced = 0.0;
    float moved = 0.0F;
    std::stop_source stop;
    std::stop_source pause;
    std::string result; ///< of the run that came to its end
};

/// What befalls a run at a query, and what it is called.
struct Befall {
    const char* name;
    void (*what)(Lab& lab);
};

constexpr Befall befalls[] = {
    {"nothing", [](Lab&) {}},
    {"a fault that passes", [](Lab&) { throw Error(Code::unavailable, "the cable is out"); }},
    {"a fault that does not", [](Lab&) { throw Error(Code::out_of_range, "0.5 is too much"); }},
    {"another device", [](Lab& lab) { lab.moved = 0.3F; }},
    {"a pause", [](Lab& lab) { lab.pause.request_stop(); }},
    {"a stop", [](Lab& lab) { lab.stop.request_stop(); }},
};

const std::string layers = "[[layers]]\nrig = \"r\"\nskip = true\n[[layers]]\nrig = \"r\"\n";

} // namespace

TEST_CASE("what is measured ahead changes nothing that a run asks, tells or keeps") {
    const std::string training =
        GENERATE("schedule = \"simultaneous\"\n" + layers, "schedule = \"greedy\"\n" + layers,
                 "schedule = \"greedy\"\nreuse = \"off\"\nrepeats = 2\n" + layers,
                 std::string("[scheme]\nkind = \"ridge\"\n[[layers]]\nrig = \"r\"\n"));
    Lab alone(training, false);
    REQUIRE(alone.run() == "");
    for (const auto& [name, what] : befalls) {
        for (const std::uint64_t at : {3U, 7U, 8U, 14U}) {
            CAPTURE(training, name, at);
            Lab one_by_one(training, false);
            Lab ahead(training, true);
            for (Lab* lab : {&one_by_one, &ahead}) {
                lab->on_query = [lab, what = what, at = at](std::uint64_t query) {
                    if (query == at) {
                        what(*lab);
                    }
                };
            }
            const std::string ended = one_by_one.run();
            REQUIRE(ahead.run() == ended);
            if (!ended.empty()) { // both go on
                for (Lab* lab : {&one_by_one, &ahead}) {
                    lab->stop = {};
                    lab->pause = {};
                    REQUIRE(lab->run() == "");
                }
                REQUIRE(ahead.queries - alone.queries <= 1); // the one that failed
            }
            REQUIRE(ahead.listener.told == one_by_one.listener.told);
            REQUIRE(ahead.asked() == one_by_one.asked());
            REQUIRE(ahead.result == one_by_one.result);
        }
    }
}

TEST_CASE("a rig measures for the next step while this one is learned from") {
    const auto script = std::make_shared<Script>();
    ScriptedLayer layer(script);
    SystemClock clock;
    Listener listener;
    Measurer measurer({.seed = 5});
    measurer.add_rig("r", layer, 0);
    Asking scheme({{0, Purpose::training, {0.1F}}, {0, Purpose::training, {0.2F}}});
    std::promise<void> second;
    std::promise<void> learning;
    script->answer = [&](ConstBlock, Block y, const QueryContext&) {
        y.sample(0)[0] = 1.0F;
        if (script->queries == 2) {
            second.set_value();
            learning.get_future().wait();
        }
    };
    const bool fails = GENERATE(false, true);
    bool beside = false;
    scheme.on_learn = [&] {
        if (scheme.heard.size() == 1) {
            const auto patience = std::chrono::seconds(60);
            beside = second.get_future().wait_for(patience) == std::future_status::ready;
            learning.set_value();
            if (fails) {
                throw Error(Code::internal, "a matrix is singular");
            }
        }
    };
    Runner runner(scheme, {.rigs = {"r", "r"}, .epochs = 1, .prefetch = true}, measurer, clock,
                  listener);
    if (fails) {
        REQUIRE_THROWS_WITH(runner.run({}), "a matrix is singular");
        REQUIRE(listener.told.size() == 1); // the first answer
    } else {
        REQUIRE(runner.run({}).training_queries() == 2);
    }
    REQUIRE(beside);
    REQUIRE(script->queries == 2);
}

TEST_CASE("a run waits for its rig only while it has nothing to learn from") {
    const auto script = std::make_shared<Script>();
    ScriptedLayer layer(script, 2, 1, 1);
    ManualClock clock;
    Listener listener;
    Measurer measurer({.seed = 5, .clock = &clock});
    measurer.add_rig("r", layer, 0);
    Asking scheme(
        {{0, Purpose::training, {0.1F}}, {0, Purpose::training, std::vector<float>(500, 0.2F)}});
    std::promise<void> measuring;
    int alone = 0; ///< queries of the second step after the first one was told
    script->answer = [&](ConstBlock, Block, const QueryContext& context) {
        const Clock::Monotonic begun = clock.now();
        if (script->queries == 1) {
            clock.advance(Seconds(1.0));
        } else if (script->queries == 2) { // it is being learned from the first step
            clock.advance(Seconds(2.0));
            measuring.set_value();
        } else if (listener.told.size() == 2) {
            clock.advance(Seconds(0.5));
            ++alone;
        }
        context.times[0] = {begun, clock.now()};
    };
    scheme.on_learn = [&] {
        if (scheme.heard.size() == 1) {
            measuring.get_future().wait();
        }
    };
    const v1::RunResult result = Runner(scheme, {.rigs = {"r", "r"}, .epochs = 1, .prefetch = true},
                                        measurer, clock, listener)
                                     .run({});
    REQUIRE(result.wait_seconds() == Approx(1.0 + 0.5 * alone));
    REQUIRE(result.hardware_seconds() == Approx(3.0 + 0.5 * alone));
    REQUIRE(result.active_seconds() == Approx(3.0 + 0.5 * alone));
    REQUIRE(result.digital_seconds() <= 2.0);
}
