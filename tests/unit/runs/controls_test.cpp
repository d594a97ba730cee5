#include "daemon/config/load.hpp"
#include "daemon/runs/controls.hpp"
#include "drivers/core/error.hpp"
#include "tests/support/scheme_options.hpp"
#include "tests/support/scripted_layer.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <map>

using namespace phyll;
using namespace phyll::runs;
using Catch::Matchers::Contains;
using test::Script;
using test::ScriptedLayer;
using training::Plan;

namespace {

v1::RunSpec spec_of(const std::string& layers, const std::string& more = "") {
    return config::load_run_spec("seed = 1\n[data]\nkind = \"vowels\"\ntraining_samples = 70\n"
                                 "test_samples = 140\n[training]\nepochs = 10\n" +
                                     more + layers,
                                 "run.toml", {}, test::SchemeOptions());
}

class Nobody final : public RunObserver {
  public:
    void epoch(const v1::EpochMetrics&) override { ++epochs; }
    void progress(const v1::Progress& progress) override { stages.insert(progress.stage()); }
    void answered(const Plan& plan, ConstBlock responses) override {
        if (table != nullptr) {
            table->add(plan, responses);
        }
    }
    bool era(const v1::EraEnded&, bool) override { return true; }
    void checkpoint(Checkpoint, const std::vector<v1::EpochMetrics>&) override {}
    ResponseTable* table = nullptr;
    int epochs = 0;
    std::set<std::string> stages;
};

/// A run on a rig of 20 inputs whose outputs are sines of sums of neighbours, with its controls.
struct Trained {
    explicit Trained(const v1::RunSpec& run_spec, std::stop_token stop = {},
                     bool fails_after_run = false, bool counts = false,
                     const std::string& rig = "r")
        : spec(run_spec) {
        if (counts) {
            layer.store_responses_as({.kind = StorageFormat::Kind::u8});
        }
        script->answer = [counts](ConstBlock x, Block y, const QueryContext&) {
            for (std::size_t i = 0; i < x.samples(); ++i) {
                for (std::size_t k = 0; k < y.channels(); ++k) {
                    const float sine =
                        std::sin(2.0F * (x.sample(i)[k] + x.sample(i)[(k + 7) % 20]));
                    y.sample(i)[k] = counts ? std::round(100.0F + 100.0F * sine) : sine;
                }
            }
        };
        const Job job = prepare(
            spec, [&](const std::string&) -> const LayerSpec& { return layer.spec(); },
            [](const std::string&) -> std::string { throw Error(Code::not_found, "no files"); });
        Measurer measurer({.seed = spec.seed(), .reuse = job.reuse});
        measurer.add_rig(rig, layer, 0);
        std::optional<ResponseTable> table;
        if (job.shapes.front()) {
            table.emplace(20, job.data.split.training.size(), job.data.split.test.size());
            observer.table = &*table;
        }
        result =
            Runner(*job.scheme, {.rigs = job.rigs, .epochs = 1}, measurer, clock, observer).run({});
        queries = script->queries;
        if (fails_after_run) {
            script->answer = [](ConstBlock, Block, const QueryContext&) {
                throw Error(Code::unavailable, "cable is out");
            };
        }
        const int epochs = observer.epochs;
        for (const v1::Control& control :
             measure_controls({spec, job, measurer, table, clock, observer}, stop)) {
            controls[control.kind()] = control;
        }
        REQUIRE(observer.epochs == epochs); // epochs of controls are not the run's
    }

    v1::RunSpec spec;
    std::shared_ptr<Script> script = std::make_shared<Script>();
    ScriptedLayer layer{script, 20, 20, 4096};
    SystemClock clock;
    Nobody observer;
    v1::RunResult result;
    int queries = 0;
    std::map<std::string, v1::Control> controls;
};

const std::string with_skip = "[[layers]]\nrig = \"r\"\nskip = true\n[[layers]]\nrig = \"r\"\n";

} // namespace

TEST_CASE("a run with physics and skip path has every control, only physics only costs queries") {
    const Trained run(spec_of(with_skip));
    REQUIRE(run.controls.size() == 7);
    for (const char* kind : {"without_physics", "random_features", "ridge_inputs", "softmax_inputs",
                             "ridge_responses", "softmax_responses"}) {
        CAPTURE(kind);
        const v1::Control& control = run.controls.at(kind);
        CHECK(control.has_test_accuracy());
        CHECK(control.test_accuracy() > 0.5); // chance is 1/7
        CHECK(control.train_accuracy() > 0.5);
        CHECK(control.training_queries() + control.evaluation_queries() == 0);
    }
    REQUIRE(run.script->queries == run.queries);
    const v1::Control& skipped = run.controls.at("physics_only");
    REQUIRE_FALSE(skipped.has_test_accuracy());
    REQUIRE_THAT(skipped.reason(), Contains("--physics-only"));
    REQUIRE(run.observer.stages.contains("control without physics"));
}

TEST_CASE("random features stand in for a rig that counts, by read-outs too") {
    for (const std::string scheme : {"", "[scheme]\nkind = \"ridge\"\n"}) {
        const Trained run(spec_of("[[layers]]\nrig = \"r\"\n", scheme), {}, false, true);
        const v1::Control& control = run.controls.at("random_features");
        CAPTURE(scheme, control.reason());
        CHECK(control.test_accuracy() > 0.5);
    }
}

TEST_CASE("every rig has random features of its own, whatever its place in the run") {
    const std::string scheme = "[scheme]\nkind = \"ridge\"\n";
    const Trained one(spec_of("[[layers]]\nrig = \"r\"\n", scheme));
    const Trained again(spec_of("[[layers]]\nrig = \"r\"\n", scheme));
    const Trained other(spec_of("[[layers]]\nrig = \"s\"\n", scheme), {}, false, false, "s");
    const auto features = [](const Trained& run) {
        return run.controls.at("random_features").SerializeAsString();
    };
    REQUIRE(one.controls.at("random_features").has_test_accuracy());
    REQUIRE(features(one) == features(again));
    REQUIRE(features(one) != features(other));
}

TEST_CASE("physics only is trained when asked for, on what was measured and no more than priced") {
    const v1::RunSpec spec = spec_of(with_skip, "[controls]\nphysics_only = true\n");
    const Trained run(spec);
    const v1::Control& control = run.controls.at("physics_only");
    REQUIRE(control.has_test_accuracy());
    REQUIRE(run.script->queries > run.queries);
    // The first layer's responses are remembered, the second layer's inputs are others.
    REQUIRE(control.training_queries() == 70 * 7);
    REQUIRE(control.evaluation_queries() == 140 * 7);
    const auto find = [&](const std::string&) -> const LayerSpec& { return run.layer.spec(); };
    const v1::CheckReply reply =
        outlook(spec, prepare(spec, find, [](const std::string&) { return std::string(); }), find);
    REQUIRE(reply.controls_size() == 1);
    REQUIRE(reply.controls(0).asked_for());
    REQUIRE(reply.controls(0).training_queries() == control.training_queries());
    REQUIRE(reply.controls(0).evaluation_queries() == control.evaluation_queries());
    REQUIRE(reply.controls(0).hardware_seconds() == Approx(0.5 * 210 * 7));
}

TEST_CASE("controls that would be the run itself are left out") {
    const Trained physics_only(spec_of("[[layers]]\nrig = \"r\"\n"));
    REQUIRE_FALSE(physics_only.controls.contains("physics_only"));
    REQUIRE(physics_only.controls.size() == 6);
    const Trained without(spec_of("[[layers]]\nphysics = false\n"));
    REQUIRE(without.controls.size() == 2);
    REQUIRE(without.controls.contains("ridge_inputs"));
    REQUIRE(without.controls.contains("softmax_inputs"));
}

TEST_CASE("without physics is what a run without physics reaches") {
    const Trained run(spec_of(with_skip));
    const Trained without(spec_of("[[layers]]\nphysics = false\n[[layers]]\nphysics = false\n"));
    REQUIRE(run.controls.at("without_physics").test_accuracy() == without.result.test_accuracy());
}

TEST_CASE("a read-out's controls on the responses agree with the read-out") {
    const Trained run(spec_of("[[layers]]\nrig = \"r\"\n[scheme]\nkind = \"ridge\"\n"));
    REQUIRE(run.controls.at("ridge_responses").test_accuracy() == run.result.test_accuracy());
    REQUIRE(run.controls.at("ridge_inputs").test_accuracy() ==
            run.controls.at("without_physics").test_accuracy());
}

TEST_CASE("a control that fails says why and the run keeps its headline, a stop is passed on") {
    const v1::RunSpec spec = spec_of(with_skip, "[controls]\nphysics_only = true\n");
    const Trained run(spec, {}, true);
    REQUIRE(run.result.test_accuracy() > 0.5);
    REQUIRE_FALSE(run.controls.at("physics_only").has_test_accuracy());
    REQUIRE_THAT(run.controls.at("physics_only").reason(), Contains("cable is out"));
    REQUIRE(run.controls.at("softmax_responses").has_test_accuracy());
    std::stop_source stop;
    stop.request_stop();
    REQUIRE_THROWS_AS(Trained(spec, stop.get_token()), Error);
}

TEST_CASE("responses of single samples stay in the rig's format, means become float32") {
    constexpr StorageFormat counts{.kind = StorageFormat::Kind::u8};
    std::size_t bytes = 0;
    class Counted final : public ByteStore {
      public:
        explicit Counted(std::size_t& sum) : sum_(sum) {}
        [[nodiscard]] std::uint64_t size() const override { return inner_.size(); }
        void read(std::uint64_t at, std::span<std::byte> into) const override {
            inner_.read(at, into);
        }
        void resize(std::uint64_t size) override {
            sum_ += size - inner_.size();
            inner_.resize(size);
        }
        void write(std::uint64_t at, std::span<const std::byte> from) override {
            inner_.write(at, from);
        }

      private:
        MemoryBytes inner_;
        std::size_t& sum_;
    };
    const auto fill = [&](std::size_t labels, float value) {
        bytes = 0;
        ResponseTable table(3, 2, 1, counts, [&] { return std::make_unique<Counted>(bytes); });
        Plan plan;
        plan.samples = {0, 1};
        OwnedBlock responses(3, 2 * labels);
        std::ranges::fill(responses.view().values(), value);
        responses.sample(0)[0] = 0.0F;
        table.add(plan, responses.view());
        std::vector<float> found(3);
        table.training().read(0, found);
        return found;
    };
    CHECK(fill(1, 5.0F) == std::vector<float>{0, 5, 5});
    CHECK(bytes == 2 * 3);
    CHECK(fill(2, 5.0F) == std::vector<float>{2.5F, 5, 5});
    CHECK(bytes == 2 * 3 * sizeof(float));
    CHECK_THROWS_WITH(fill(1, 0.5F), Contains("0.5") && Contains("u8"));
}

TEST_CASE("the table of responses is the mean over labels, by sample, of both splits") {
    ResponseTable table(1, 2, 1);
    Plan plan;
    plan.samples = {1, 0};
    OwnedBlock responses(1, 4);
    for (std::size_t i = 0; i < 4; ++i) {
        responses.sample(i)[0] = static_cast<float>(i);
    }
    table.add(plan, responses.view());
    const auto mean = [](const training::SampleRows& rows, std::size_t sample) {
        float value = -1.0F;
        rows.read(sample, {&value, 1});
        return value;
    };
    REQUIRE(mean(table.training(), 1) == 0.5F);
    REQUIRE(mean(table.training(), 0) == 2.5F);
    REQUIRE_FALSE(table.complete());
    plan.samples = {0};
    plan.on_test = true;
    plan.layer = 1;
    table.add(plan, responses.view()); // of a deeper layer
    REQUIRE_FALSE(table.complete());
    plan.layer = 0;
    table.add(plan, responses.view());
    REQUIRE(table.complete());
    REQUIRE(mean(table.test(), 0) == 1.5F);
}

TEST_CASE("softmax is fitted to as many numbers as it holds, and what is more is said") {
    REQUIRE(why_no_softmax(60'000, 2'000).empty());
    REQUIRE_THAT(why_no_softmax(300'000, 2'000), Contains("300,000 samples of 2,000 features"));
}
