#include "daemon/training/data/exclusive_or.hpp"
#include "daemon/training/data/load.hpp"
#include "daemon/training/data/vowels.hpp"
#include "drivers/core/error.hpp"
#include "tests/support/paths.hpp"
#include "tests/unit/training/laboratory.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

using namespace phyll;
using namespace phyll::training;
using namespace phyll::training::test;

namespace {

/// Test accuracy on synthetic vowels with the defaults but for a shorter training.
double vowel_accuracy(phyll::v1::RunSpec spec) {
    spec.mutable_training()->set_epochs(60);
    const std::unique_ptr<Scheme> scheme = make_scheme(spec, synthetic_vowels(1, 140, 700));
    const Record record = Runner({.remember = false}).run(*scheme);
    REQUIRE(record.train_accuracy);
    REQUIRE(record.test_accuracy);
    CHECK(*record.train_accuracy > 0.9);
    return *record.test_accuracy;
}

/// 206 training and 52 test vowels.
SplitData vowels_of_the_paper() {
    SplitData data = synthetic_vowels(1, 206, 52);
    data.data.label_entries = 8;
    return data;
}

/// The values of one array of the network.
std::vector<float> values_of(const Scheme& scheme, std::string_view name) {
    const std::vector<NamedArray> network = scheme.network();
    return std::ranges::find(network, name, &NamedArray::name)->values;
}

void expect_within(const Record& record, const Scheme& scheme) {
    const std::vector<LayerOutlook> outlook = scheme.outlook();
    for (std::size_t l = 0; l < outlook.size(); ++l) {
        const auto measured = [&](const auto& queries) {
            const auto found = queries.find(l);
            return found == queries.end() ? 0 : found->second;
        };
        CHECK(measured(record.training_queries) <= outlook[l].training_queries);
        CHECK(measured(record.evaluation_queries) <= outlook[l].evaluation_queries);
    }
}

} // namespace

TEST_CASE("networks learn vowels, greedy or simultaneous, with physics or without") {
    // Chance is 1/7; a least-squares classifier on the features reaches about 0.9.
    for (const char* schedule : {"greedy", "simultaneous"}) {
        CAPTURE(schedule);
        phyll::v1::RunSpec spec = complete_spec(2);
        spec.mutable_training()->set_schedule(schedule);
        CHECK(vowel_accuracy(spec) > 0.85);
        for (phyll::v1::LayerConfig& layer : *spec.mutable_layers()) {
            layer.set_skip(true);
        }
        CHECK(vowel_accuracy(spec) > 0.9);
        for (phyll::v1::LayerConfig& layer : *spec.mutable_layers()) {
            layer.set_physics(false);
        }
        CHECK(vowel_accuracy(spec) > 0.9);
    }
}

TEST_CASE("small batches and every encoding learn too") {
    for (const char* encoding : {"standard", "affine", "minmax", "unit_norm", "tanh"}) {
        CAPTURE(encoding);
        phyll::v1::RunSpec spec = complete_spec(1);
        spec.mutable_layers(0)->mutable_encoding()->set_kind(encoding);
        spec.mutable_training()->set_batch(30);
        spec.mutable_training()->set_epochs(30);
        const std::unique_ptr<Scheme> scheme = make_scheme(spec, synthetic_vowels(1, 140, 140));
        const Record record = Runner().run(*scheme);
        CHECK(*record.test_accuracy > 0.5);
    }
}

TEST_CASE("greedy with reuse measures each stimulus once") {
    phyll::v1::RunSpec spec = complete_spec(2);
    spec.mutable_training()->set_epochs(3);
    for (const std::uint32_t batch : {0U, 50U}) {
        spec.mutable_training()->set_batch(batch);
        const std::unique_ptr<Scheme> scheme = make_scheme(spec, vowels_of_the_paper());
        const Record record = Runner({.remember = true}).run(*scheme);
        // 206 samples under 7 labels in 2 layers; the training split is then evaluated from memory.
        CHECK(record.all_training_queries() == 2 * 206 * 7);
        CHECK(record.evaluation_queries.at(0) == 52 * 7);
        CHECK(record.evaluation_queries.at(1) == 52 * 7);
        const std::vector<LayerOutlook> outlook = scheme->outlook();
        CHECK(outlook[0].training_queries == 206 * 7);
        CHECK(outlook[1].evaluation_queries == 52 * 7);
        CHECK(outlook[0].inputs == 20);
        CHECK(outlook[0].features == 20);
    }
}

TEST_CASE("greedy without reuse asks for the pairs of every epoch") {
    phyll::v1::RunSpec spec = complete_spec(2);
    spec.mutable_training()->set_epochs(3);
    spec.mutable_training()->set_reuse("off");
    const std::unique_ptr<Scheme> scheme = make_scheme(spec, vowels_of_the_paper());
    const Record record = Runner().run(*scheme);
    CHECK(record.training_queries.at(0) == 206 + 3 * 2 * 206 + 7 * 206);
    CHECK(record.training_queries.at(1) == 206 + 3 * 2 * 206);
    CHECK(record.evaluation_queries.at(1) == 7 * (206 + 52));
    CHECK(scheme->outlook()[0].training_queries == record.training_queries.at(0));
    CHECK(scheme->outlook()[1].training_queries == record.training_queries.at(1));
    CHECK(scheme->outlook()[1].evaluation_queries == record.evaluation_queries.at(1));
}

TEST_CASE("simultaneous asks every layer for every epoch") {
    phyll::v1::RunSpec spec = complete_spec(2);
    spec.mutable_training()->set_epochs(4);
    spec.mutable_training()->set_schedule("simultaneous");
    const std::unique_ptr<Scheme> scheme = make_scheme(spec, vowels_of_the_paper());
    const Record record = Runner().run(*scheme);
    CHECK(record.all_training_queries() == 2 * (206 + 4 * 2 * 206));
    CHECK(scheme->outlook()[0].training_queries == record.training_queries.at(0));
    CHECK(scheme->outlook()[1].training_queries == record.training_queries.at(1));
    CHECK(scheme->outlook()[1].evaluation_queries == record.evaluation_queries.at(1));
}

TEST_CASE("what a run measures stays within its outlook") {
    for (const char* schedule : {"greedy", "simultaneous"}) {
        for (const char* reuse : {"run", "off"}) {
            phyll::v1::RunSpec spec = small_spec();
            spec.mutable_training()->set_schedule(schedule);
            spec.mutable_training()->set_reuse(reuse);
            spec.mutable_training()->set_epochs(20);
            const std::unique_ptr<Scheme> scheme = make_scheme(spec, small_vowels());
            expect_within(Runner({.remember = reuse == std::string("run")}).run(*scheme), *scheme);
        }
    }
}

TEST_CASE("layers without physics ask for nothing and pass on what they compute") {
    phyll::v1::RunSpec spec = small_spec();
    spec.mutable_layers(0)->set_physics(false);
    for (const char* schedule : {"greedy", "simultaneous"}) {
        spec.mutable_training()->set_schedule(schedule);
        const std::unique_ptr<Scheme> scheme = make_scheme(spec, small_vowels());
        const Record record = Runner().run(*scheme);
        CHECK_FALSE(record.training_queries.contains(0));
        CHECK(record.training_queries.at(1) > 0);
        CHECK(scheme->outlook()[0].training_queries == 0);
        CHECK(scheme->outlook()[0].evaluation_queries == 0);
        CHECK(scheme->outlook()[0].features == 19);
    }
}

TEST_CASE("results depend neither on query batches nor on planning ahead") {
    for (const char* schedule : {"greedy", "simultaneous"}) {
        phyll::v1::RunSpec spec = small_spec();
        spec.mutable_training()->set_schedule(schedule);
        spec.mutable_training()->set_batch(32);
        const auto run = [&](const Runner::Settings& settings) {
            const std::unique_ptr<Scheme> scheme = make_scheme(spec, small_vowels());
            static_cast<void>(Runner(settings).run(*scheme));
            return scheme->state();
        };
        const std::vector<NamedArray> plain = run({});
        CHECK(plain == run({.query_batch = 7}));
        CHECK(plain == run({.plan_ahead = true}));
        CHECK(plain == run({.remember = true, .plan_ahead = true}));
        spec.set_seed(2);
        CHECK(plain != run({}));
    }
}

TEST_CASE("encodings of deeper layers follow the first half of simultaneous training only") {
    phyll::v1::RunSpec spec = small_spec();
    for (const char* schedule : {"greedy", "simultaneous"}) {
        CAPTURE(schedule);
        spec.mutable_training()->set_schedule(schedule);
        const std::unique_ptr<Scheme> scheme = make_scheme(spec, small_vowels());
        Runner runner;
        std::vector<float> before_first = values_of(*scheme, "layer1/encoding_offset");
        std::vector<float> before_second = values_of(*scheme, "layer2/encoding_offset");
        std::vector<std::uint64_t> changes;
        for (std::uint64_t step = 0; step < scheme->steps(); ++step) {
            runner.run(*scheme, step, step + 1);
            CHECK(values_of(*scheme, "layer1/encoding_offset") == before_first);
            std::vector<float> second = values_of(*scheme, "layer2/encoding_offset");
            if (second != before_second) {
                changes.push_back(step);
            }
            before_second = std::move(second);
        }
        // Six epochs. Greedy: a fit, the epochs, then what they lead to. Simultaneous: after the
        // fit of layer 1, then after the second layer's step of epochs 0, 1 and 2.
        CHECK(changes == (schedule == std::string("greedy")
                              ? std::vector<std::uint64_t>{7}
                              : std::vector<std::uint64_t>{0, 3, 5, 7}));
    }
}

TEST_CASE("the test split teaches nothing") {
    const phyll::v1::RunSpec spec = small_spec();
    SplitData data = small_vowels();
    const std::unique_ptr<Scheme> scheme = make_scheme(spec, data);
    static_cast<void>(Runner().run(*scheme));
    OwnedBlock spoiled(data.data.features(), data.data.samples());
    for (std::size_t i = 0; i < spoiled.samples(); ++i) {
        data.data.inputs.read(i, spoiled.sample(i));
    }
    for (const std::uint32_t i : data.split.test) {
        std::ranges::fill(spoiled.sample(i), 1e6F);
        data.data.labels[i] = 0;
    }
    data.data.inputs = Samples(std::move(spoiled));
    const std::unique_ptr<Scheme> other = make_scheme(spec, data);
    static_cast<void>(Runner().run(*other));
    CHECK(scheme->network() == other->network());
}

TEST_CASE("epochs are reported with their accuracy where it costs nothing") {
    phyll::v1::RunSpec spec = small_spec();
    spec.mutable_training()->set_epochs(40);
    const std::unique_ptr<Scheme> scheme = make_scheme(spec, small_vowels());
    const Record record = Runner().run(*scheme);
    std::vector<EpochReport> epochs;
    for (const StepReport& report : record.reports) {
        if (report.epoch) {
            epochs.push_back(*report.epoch);
        }
    }
    REQUIRE(epochs.size() == 80);
    CHECK(epochs[40].layer == 1);
    CHECK(epochs[40].epoch == 0);
    CHECK(epochs[39].loss < epochs[0].loss);
    CHECK(epochs[39].pair_accuracy > 0.8);
    // The last epoch's sum over both layers is what the evaluation finds again.
    REQUIRE(epochs.back().train_accuracy);
    CHECK(*epochs.back().train_accuracy == *record.train_accuracy);

    spec.mutable_training()->set_schedule("simultaneous");
    const std::unique_ptr<Scheme> other = make_scheme(spec, small_vowels());
    for (const StepReport& report : Runner().run(*other).reports) {
        CHECK_FALSE((report.epoch && report.epoch->train_accuracy));
        CHECK((!report.epoch || report.epoch->layer == 1));
    }
}

TEST_CASE("drives stay in range, and what was clipped is counted") {
    const phyll::v1::RunSpec spec = small_spec();
    const std::unique_ptr<Scheme> scheme = make_scheme(spec, small_vowels());
    const Plan plan = scheme->plan(0);
    CHECK(plan.purpose == Purpose::training);
    CHECK(plan.stage == Stage::measuring);
    CHECK(plan.stimuli.channels() == 24);
    CHECK(plan.encoded == plan.stimuli.samples() * 19);
    std::uint64_t at_an_end = 0;
    for (std::size_t i = 0; i < plan.stimuli.samples(); ++i) {
        const std::span<const float> drive = plan.stimuli.sample(i);
        CHECK(std::ranges::all_of(drive, [](float x) { return x >= 0.0F && x <= 1.0F; }));
        // One label entry is set; the features follow; the rest of the rig's inputs rest.
        CHECK(std::ranges::count(drive.first(7), 1.0F) == 1);
        CHECK(std::ranges::count(drive.first(7), 0.0F) == 6);
        at_an_end += static_cast<std::uint64_t>(std::ranges::count(drive.subspan(7, 12), 0.0F) +
                                                std::ranges::count(drive.subspan(7, 12), 1.0F));
        CHECK(std::ranges::count(drive.last(5), 0.0F) == 5);
    }
    CHECK(plan.clipped == at_an_end);
}

TEST_CASE("with the encoding direct a rig gets the features as they are") {
    for (const char* kind : {"phyll", "ridge"}) {
        CAPTURE(kind);
        phyll::v1::RunSpec spec = complete_spec(1);
        spec.mutable_scheme()->set_kind(kind);
        spec.mutable_layers(0)->mutable_encoding()->set_kind("direct");
        const SplitData data = exclusive_or({}, 1, 40, 40);
        const std::unique_ptr<Scheme> scheme = make_scheme_on({24, 20}, spec, data);
        const Plan plan = scheme->plan(0);
        REQUIRE(plan.stimuli.samples() == 40);
        const std::size_t labels = kind == std::string("phyll") ? 2 : 0;
        for (std::size_t i = 0; i < 40; ++i) {
            CHECK(std::ranges::equal(plan.stimuli.sample(i).subspan(labels, 20),
                                     data.data.inputs.sample(i)));
        }
        CHECK(plan.clipped == 0);
    }
    // What no drive can be is clipped, and counted.
    phyll::v1::RunSpec spec = small_spec();
    spec.mutable_layers(0)->mutable_encoding()->set_kind("direct");
    const Plan plan = make_scheme(spec, small_vowels())->plan(0);
    CHECK(plan.clipped == plan.stimuli.samples() * 12); // formants in Hz
}

TEST_CASE("drives are what the rig can do, in training and in read-outs") {
    RigShape rig{24, 20};
    rig.levels.assign(24, 5);
    for (const char* kind : {"phyll", "ridge"}) {
        phyll::v1::RunSpec spec = complete_spec(1);
        spec.mutable_scheme()->set_kind(kind);
        const std::unique_ptr<Scheme> scheme = make_scheme_on(rig, spec, small_vowels());
        const Plan plan = scheme->plan(0);
        const std::vector<float> levels{0.0F, 0.25F, 0.5F, 0.75F, 1.0F};
        REQUIRE(std::ranges::all_of(plan.stimuli.view().values(), [&](float drive) {
            return std::ranges::count(levels, drive) == 1;
        }));
    }
}

TEST_CASE("vowels are learned through bits") {
    phyll::v1::RunSpec spec = complete_spec(1);
    spec.mutable_scheme()->set_kind("phyll");
    spec.mutable_training()->set_epochs(15);
    phyll::v1::Encoding& encoding = *spec.mutable_layers(0)->mutable_encoding();
    encoding.set_kind("quantise");
    encoding.set_bits(3);
    for (const char* code : {"binary", "gray", "thermometer"}) {
        CAPTURE(code);
        encoding.set_code(code);
        // 7 label entries and 12 features of 3 bits
        const SineRig rig(60, 30, 0.2);
        const std::unique_ptr<Scheme> scheme =
            make_scheme_on(rig.shape(), spec, synthetic_vowels(1, 140, 140));
        std::optional<double> accuracy;
        for (std::uint64_t step = 0; step < scheme->steps(); ++step) {
            const Plan plan = scheme->plan(step);
            REQUIRE(std::ranges::all_of(plan.stimuli.view().values(),
                                        [](float x) { return x == 0.0F || x == 1.0F; }));
            const StepReport report =
                scheme->learn(step, plan, rig.respond(plan.stimuli.view()).view());
            accuracy = report.test_accuracy ? report.test_accuracy : accuracy;
        }
        CHECK(accuracy.value() > 0.6); // chance is 0.14
    }
}

TEST_CASE("a rig that multiplies solves exclusive or, its inputs alone do not") {
    phyll::v1::RunSpec spec = complete_spec(1);
    spec.mutable_scheme()->set_kind("ridge");
    spec.mutable_layers(0)->mutable_encoding()->set_kind("direct");
    const auto accuracy = [&](const SplitData& data) {
        const std::unique_ptr<Scheme> scheme = make_scheme_on({24, 20}, spec, data);
        return *Runner().run(*scheme).test_accuracy;
    };
    const SplitData data = exclusive_or({.inputs = 24}, 1, 400, 400);
    CHECK(accuracy(data) > 0.9);
    spec.mutable_layers(0)->set_physics(false);
    CHECK(std::abs(accuracy(data) - 0.5) < 0.1);
}

TEST_CASE("responses are kept in the format that the rig states") {
    RigShape rig{24, 20};
    rig.response_storage = {.kind = StorageFormat::Kind::u8, .scale = 0.01, .offset = -1.0};
    phyll::v1::RunSpec spec = complete_spec(1);
    spec.mutable_scheme()->set_kind("ridge");
    const std::unique_ptr<Scheme> scheme = make_scheme_on(rig, spec, small_vowels());
    const Plan plan = scheme->plan(0);
    OwnedBlock responses(20, plan.stimuli.samples());
    responses.sample(3)[7] = 0.123F;
    CHECK_THROWS_WITH(scheme->learn(0, plan, responses.view()), Catch::Contains("0.123"));
}

TEST_CASE("the label level is the drive of the label's entry") {
    training::v1::PhyllOptions options = complete_options();
    options.set_label_level(0.25);
    const std::unique_ptr<Scheme> scheme = make_scheme(small_spec(), small_vowels(), options);
    const Plan plan = scheme->plan(0);
    for (std::size_t i = 0; i < plan.stimuli.samples(); ++i) {
        CHECK(std::ranges::count(plan.stimuli.sample(i).first(7), 0.25F) == 1);
        CHECK(std::ranges::count(plan.stimuli.sample(i).first(7), 0.0F) == 6);
    }
    CHECK(values_of(*scheme, "label_level") == std::vector<float>{0.25F});
}

TEST_CASE("the optimiser goes on from epoch to epoch") {
    // With two classes there is one wrong label only, so that two epochs of three updates each are
    // one epoch of six.
    SplitData data = small_vowels();
    data.data.class_names = {"even", "odd"};
    for (std::uint32_t i = 0; i < data.data.samples(); ++i) {
        data.data.labels[i] = i % 2;
    }
    const auto train = [&](std::uint32_t epochs, std::uint32_t inner_steps) {
        phyll::v1::RunSpec spec = small_spec();
        spec.mutable_training()->set_learning_rate_schedule("constant");
        spec.mutable_training()->set_epochs(epochs);
        spec.mutable_training()->set_inner_steps(inner_steps);
        const std::unique_ptr<Scheme> scheme = make_scheme(spec, data);
        static_cast<void>(Runner().run(*scheme));
        return scheme->network();
    };
    CHECK(train(2, 3) == train(1, 6));
    CHECK(train(2, 3) != train(1, 3));
}

TEST_CASE("a moving encoding is fitted on all batches of an epoch") {
    phyll::v1::RunSpec spec = small_spec();
    spec.mutable_training()->set_schedule("simultaneous");
    spec.mutable_training()->set_batch(30);
    const std::unique_ptr<Scheme> scheme = make_scheme(spec, small_vowels());
    // Two fits, then three batches of two layers.
    Runner().run(*scheme, 0, 8);
    const std::vector<NamedArray> state = scheme->state();
    const auto collected = std::ranges::find(state, "progress/layer2/collected", &NamedArray::name);
    REQUIRE(collected->shape == std::vector<std::size_t>{140, 8});
    CHECK(std::ranges::count(collected->values, 0.0F) == 0);
}

TEST_CASE("the real vowels are learned on a random rig") {
    const auto path = phyll::test::real_data("vowels/vowels.csv");
    if (!path) {
        return;
    }
    phyll::v1::DataSpec spec;
    spec.set_kind("csv");
    spec.set_file(path->string());
    spec.set_label("vowel");
    spec.add_ignore("speaker");
    spec.set_test_fraction(0.2);
    spec.set_label_entries(8);
    const SplitData data = load_data(spec, 1, [](const std::string& file) {
        std::ifstream stream(file, std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(stream), {});
    });
    REQUIRE(data.split.training.size() == 206);
    REQUIRE(data.split.test.size() == 52);
    phyll::v1::RunSpec run = complete_spec(1);
    run.mutable_training()->set_epochs(100);
    const std::unique_ptr<Scheme> scheme = make_scheme(run, data);
    const Record record = Runner().run(*scheme);
    CHECK(*record.train_accuracy > 0.93);
    CHECK(*record.test_accuracy > 0.85);
}
