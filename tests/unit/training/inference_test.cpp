#include "daemon/training/inference.hpp"

#include "daemon/training/judgement.hpp"
#include "drivers/core/error.hpp"
#include "tests/unit/training/laboratory.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <limits>
#include <map>

using namespace phyll;
using namespace phyll::training;
using namespace phyll::training::test;

namespace {

/// A network after its training, and what the run said of it.
struct Trained {
    phyll::v1::RunSpec spec;
    SplitData data = small_vowels();
    Record record;
    std::vector<NamedArray> arrays;
    std::unique_ptr<TrainedNetwork> network;

    Trained(const std::string& kind, const phyll::v1::RunSpec& how) : spec(how) {
        spec.mutable_scheme()->set_kind(kind);
        const std::unique_ptr<Scheme> scheme = kind == "ridge" || kind == "softmax"
                                                   ? make_read_out(spec, data)
                                                   : make_local(kind, spec, data);
        record = Runner({.remember = true}).run(*scheme);
        arrays = scheme->network();
        network = restore_network(kind, spec, data.data.classes(), arrays);
    }

    [[nodiscard]] OwnedBlock test_samples() const {
        OwnedBlock samples(data.data.features(), data.split.test.size());
        for (std::size_t i = 0; i < samples.samples(); ++i) {
            data.data.inputs.read(data.split.test[i], samples.sample(i));
        }
        return samples;
    }
};

/// Stimuli by layer.
using Queries = std::map<std::size_t, std::size_t>;

/// Takes it to its end on the rig that the network was trained on.
Queries run(Inference& inference) {
    const SineRig rig = small_rig();
    Queries queries;
    while (!inference.over()) {
        const Plan plan = inference.plan();
        const OwnedBlock responses = plan.stimuli.samples() > 0
                                         ? rig.respond(std::as_const(plan.stimuli).view())
                                         : OwnedBlock();
        queries[plan.layer] += plan.stimuli.samples();
        inference.take(plan, responses.view());
    }
    return queries;
}

std::vector<float> values_of(std::span<const float> values) {
    return {values.begin(), values.end()};
}

/// Judges the test split once more, and compares with how the run judged it: sample by sample, as
/// far as the run kept count, to the bin of each goodness.
void expect_the_same(const Trained& trained) {
    Inference inference(*trained.network, trained.test_samples().view());
    const Queries queries = run(inference);
    const std::vector<std::uint32_t> labels = labels_of(trained.data.data, trained.data.split.test);
    const auto judging = std::ranges::find_if(trained.record.reports, [](const StepReport& report) {
        return report.test_judgement.has_value();
    });
    const TestJudgement& before = *judging->test_judgement;
    const double layers = trained.spec.layers_size();
    JudgementCounter judged(trained.data.data.classes(),
                            before.own ? std::optional<JudgementCounter::Range>({-layers, layers})
                                       : std::nullopt);
    for (std::size_t i = 0; i < labels.size(); ++i) {
        judged.add(labels[i], inference.scores().sample(i));
    }
    CHECK(judged.judgement() == before);
    CHECK(static_cast<double>(judged.hits()) / static_cast<double>(labels.size()) ==
          *trained.record.test_accuracy);
    for (std::size_t l = 0; l < trained.network->layers(); ++l) {
        CHECK(queries.at(l) ==
              labels.size() * trained.network->showings() * trained.network->stimuli_of(l));
    }
}

} // namespace

TEST_CASE("a trained network judges the test split exactly as its run did") {
    for (const char* kind : {"phyll", "prototypes", "infonce", "ridge", "softmax"}) {
        const bool reads_out = kind == std::string("ridge") || kind == std::string("softmax");
        phyll::v1::RunSpec plain = small_spec();
        if (reads_out) {
            plain.mutable_layers()->RemoveLast();
        }
        for (const char* how :
             {"plain", "permutations", "skip", "without physics", "quantise", "direct"}) {
            CAPTURE(kind, how);
            phyll::v1::RunSpec spec = plain;
            phyll::v1::LayerConfig& layer = *spec.mutable_layers(0);
            layer.set_permutations(how == std::string("permutations") ? 3 : 1);
            layer.set_skip(how == std::string("skip"));
            layer.set_physics(how != std::string("without physics"));
            if (how == std::string("quantise")) {
                layer.mutable_encoding()->set_kind(how);
                layer.mutable_encoding()->set_bits(1);
                layer.mutable_encoding()->set_code("binary");
            } else if (how == std::string("direct")) {
                layer.mutable_encoding()->set_kind(how);
            }
            expect_the_same(Trained(kind, spec));
        }
    }
}

TEST_CASE("a sample that leads by the margin leaves early, and nothing changes for the others") {
    for (const char* kind : {"phyll", "prototypes"}) {
        const Trained trained(kind, small_spec());
        const OwnedBlock samples = trained.test_samples();
        const std::size_t columns = samples.samples() * trained.network->showings();
        Inference whole(*trained.network, samples.view());
        run(whole);
        CHECK(whole.saved() == 0);

        Inference never(*trained.network, samples.view(), 10.0);
        run(never);
        CHECK(never.saved() == 0);
        CHECK(values_of(never.scores().view().values()) ==
              values_of(whole.scores().view().values()));

        Inference at_once(*trained.network, samples.view(), 0.0);
        CHECK(run(at_once) == Queries{{0, columns}});
        CHECK(at_once.saved() == columns);

        Inference some(*trained.network, samples.view(), 0.1);
        const Queries queries = run(some);
        CHECK(queries.at(0) == columns);
        CHECK(queries.at(1) + some.saved() == columns);
        CHECK(some.saved() > 0);
        CHECK(queries.at(1) > 0);
        std::size_t left = 0;
        for (std::size_t i = 0; i < samples.samples(); ++i) {
            std::vector<float> first = values_of(at_once.scores().sample(i));
            const bool leaves = values_of(some.scores().sample(i)) == first;
            left += leaves ? 1 : 0;
            if (!leaves) {
                CHECK(values_of(some.scores().sample(i)) == values_of(whole.scores().sample(i)));
            }
            std::ranges::sort(first, std::greater<>());
            CHECK((static_cast<double>(first[0]) - static_cast<double>(first[1]) >= 0.1) == leaves);
        }
        CHECK(some.saved() == left * trained.network->showings());
    }
}

TEST_CASE("features beyond the training split's range are clamped and counted") {
    const Trained trained("prototypes", small_spec());
    OwnedBlock samples = trained.test_samples();
    Inference plain(*trained.network, samples.view());
    samples.sample(3)[5] = 1e30F;
    OwnedBlock at_the_end = samples;
    at_the_end.sample(3)[5] = trained.network->scaling().maximum[5];
    Inference beyond(*trained.network, samples.view());
    Inference at_end(*trained.network, at_the_end.view());
    run(beyond);
    run(at_end);
    CHECK(beyond.clamped() == at_end.clamped() + 1);
    CHECK(values_of(beyond.scores().view().values()) == values_of(at_end.scores().view().values()));
}

TEST_CASE("what a trained network cannot be asked is refused by name") {
    const Trained trained("phyll", small_spec());
    const auto ask = [&](ConstBlock inputs, std::optional<double> margin = std::nullopt) {
        static_cast<void>(Inference(*trained.network, inputs, margin));
    };
    OwnedBlock samples = trained.test_samples();
    CHECK_THROWS_WITH(ask(OwnedBlock(11, 2).view()),
                      "inputs: 11 values per sample, but the network has 12 features");
    CHECK_THROWS_WITH(ask(OwnedBlock(12, 0).view()), "inputs: no samples; at least one is needed");
    CHECK_THROWS_WITH(ask(samples.view(), -0.5), "early_exit: -0.5; valid is 0 or more");
    samples.sample(2)[7] = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_WITH(ask(samples.view()), "inputs[2][7]: nan; valid are finite numbers");

    phyll::v1::RunSpec one_layer = small_spec();
    one_layer.mutable_layers()->RemoveLast();
    for (const char* kind : {"phyll", "ridge"}) {
        const Trained single(kind, one_layer);
        CHECK_THROWS_WITH(Inference(*single.network, single.test_samples().view(), 0.1),
                          Catch::Matchers::StartsWith("early_exit: the network has no layers"));
    }

    std::vector<NamedArray> damaged = trained.arrays;
    std::erase_if(damaged, [](const NamedArray& array) { return array.name == "layer2/bias"; });
    CHECK_THROWS_AS(restore_network("phyll", trained.spec, 7, damaged), Error);
    CHECK_THROWS_AS(restore_network("phyll", trained.spec, 8, trained.arrays), Error);
}
