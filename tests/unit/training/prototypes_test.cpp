#include "daemon/training/data/vowels.hpp"
#include "drivers/core/error.hpp"
#include "tests/unit/training/laboratory.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>

using namespace phyll;
using namespace phyll::training;
using namespace phyll::training::test;
using Catch::Matchers::Contains;

namespace {

const NamedArray& array_of(const std::vector<NamedArray>& arrays, std::string_view name) {
    const auto found = std::ranges::find(arrays, name, &NamedArray::name);
    REQUIRE(found != arrays.end());
    return *found;
}

} // namespace

TEST_CASE("prototypes learn vowels, greedy or simultaneous, with physics or without") {
    for (const char* schedule : {"greedy", "simultaneous"}) {
        for (const bool physics : {true, false}) {
            CAPTURE(schedule, physics);
            phyll::v1::RunSpec spec = complete_spec(2);
            spec.mutable_training()->set_schedule(schedule);
            spec.mutable_training()->set_epochs(40);
            for (phyll::v1::LayerConfig& layer : *spec.mutable_layers()) {
                layer.set_physics(physics);
            }
            const std::unique_ptr<Scheme> scheme =
                make_local("prototypes", spec, synthetic_vowels(1, 140, 700));
            const Record record = Runner().run(*scheme);
            CHECK(*record.train_accuracy > 0.9);
            CHECK(*record.test_accuracy > 0.85);
        }
    }
}

TEST_CASE("prototypes cost one query for a sample and layer") {
    phyll::v1::RunSpec spec = complete_spec(2);
    spec.mutable_training()->set_epochs(5);
    for (const std::uint32_t batch : {0U, 50U}) {
        spec.mutable_training()->set_batch(batch);
        const std::unique_ptr<Scheme> scheme =
            make_local("prototypes", spec, synthetic_vowels(1, 206, 52));
        const Record record = Runner({.remember = true}).run(*scheme);
        CHECK(record.all_training_queries() == 2 * 206);
        CHECK(record.evaluation_queries.at(1) == 52);
        CHECK(scheme->outlook()[0].training_queries == 206);
        CHECK(scheme->outlook()[1].evaluation_queries == 52);
        CHECK(scheme->outlook()[0].inputs == 12); // no label
    }
    spec.mutable_training()->set_schedule("simultaneous");
    const std::unique_ptr<Scheme> scheme =
        make_local("prototypes", spec, synthetic_vowels(1, 206, 52));
    const Record record = Runner().run(*scheme);
    CHECK(record.training_queries.at(1) == 206 + 5 * 206);
    CHECK(scheme->outlook()[1].training_queries == 206 + 5 * 206);
    CHECK(scheme->outlook()[1].evaluation_queries == record.evaluation_queries.at(1));
}

TEST_CASE("what training says of the accuracy at last is what the evaluation finds") {
    for (const char* kind : local_kinds) {
        for (const char* schedule : {"greedy", "simultaneous"}) {
            CAPTURE(kind, schedule);
            phyll::v1::RunSpec spec = small_spec();
            spec.mutable_training()->set_schedule(schedule);
            const std::unique_ptr<Scheme> scheme = make_local(kind, spec, small_vowels());
            const Record record = Runner().run(*scheme);
            std::optional<EpochReport> last;
            for (const StepReport& report : record.reports) {
                last = report.epoch ? report.epoch : last;
            }
            REQUIRE(last);
            const bool pairs_alone =
                kind == std::string("phyll") && schedule == std::string("simultaneous");
            REQUIRE(last->train_accuracy.has_value() == !pairs_alone);
            if (!pairs_alone) {
                CHECK(*last->train_accuracy == *record.train_accuracy);
            }
        }
    }
}

TEST_CASE("hard negatives ask for every label of a sample, uniform ones for two") {
    phyll::v1::RunSpec spec = small_spec();
    spec.mutable_training()->set_schedule("simultaneous");
    spec.mutable_training()->set_epochs(3);
    const auto queries = [&](const char* kind) {
        const std::unique_ptr<Scheme> scheme = make_local(kind, spec, small_vowels());
        const Record record = Runner().run(*scheme);
        CHECK(record.training_queries.at(1) == scheme->outlook()[1].training_queries);
        return record.training_queries.at(1);
    };
    CHECK(queries("phyll") == 70 + 3 * 2 * 70);
    CHECK(queries("phyll, hard") == 70 + 3 * 7 * 70);
}

TEST_CASE("a rig is asked in several orders of its inputs, the first as they are") {
    for (const char* kind : local_kinds) {
        CAPTURE(kind);
        phyll::v1::RunSpec spec = small_spec();
        const std::unique_ptr<Scheme> once = make_local(kind, spec, small_vowels());
        spec.mutable_layers(0)->set_permutations(3);
        const std::unique_ptr<Scheme> often = make_local(kind, spec, small_vowels());
        const Plan plain = once->plan(0);
        const Plan orders = often->plan(0);
        REQUIRE(orders.stimuli.samples() == 3 * plain.stimuli.samples());
        CHECK(orders.clipped == plain.clipped);
        for (std::size_t i = 0; i < plain.stimuli.samples(); ++i) {
            CHECK(std::ranges::equal(orders.stimuli.sample(3 * i), plain.stimuli.sample(i)));
            const std::span<const float> drive = plain.stimuli.sample(i);
            const std::multiset<float> values(drive.begin(), drive.end());
            for (std::size_t p = 1; p < 3; ++p) {
                const std::span<const float> other = orders.stimuli.sample(3 * i + p);
                CHECK(std::multiset<float>(other.begin(), other.end()) == values);
                CHECK_FALSE(std::ranges::equal(other, drive));
                CHECK(orders.origins[3 * i + p] == plain.origins[i]);
            }
        }
        // 20 outputs in three orders; the second layer is asked once.
        CHECK(often->outlook()[0].features == 60);
        CHECK(often->outlook()[0].training_queries == 3 * once->outlook()[0].training_queries);
        CHECK(often->outlook()[1].training_queries == once->outlook()[1].training_queries);
        const Record record = Runner({.remember = true}).run(*often);
        CHECK(record.training_queries.at(0) == often->outlook()[0].training_queries);
        CHECK(array_of(often->network(), "layer1/response_mean").values.size() == 60);
    }
}

TEST_CASE("noise on responses is the seed's, costs no query and leaves judging alone") {
    for (const char* kind : local_kinds) {
        CAPTURE(kind);
        phyll::v1::RunSpec spec = small_spec();
        const auto run = [&](const Runner::Settings& settings) {
            const std::unique_ptr<Scheme> scheme = make_local(kind, spec, small_vowels());
            const Record record = Runner(settings).run(*scheme);
            return std::pair{scheme->network(), record.all_training_queries()};
        };
        const auto plain = run({.remember = true});
        spec.mutable_training()->set_response_noise(0.1);
        const auto noisy = run({.remember = true});
        CHECK(noisy.second == plain.second);
        CHECK(noisy.first != plain.first);
        CHECK(noisy.first == run({.remember = true, .plan_ahead = true}).first);
        // Without a response there is nothing to add noise to.
        for (phyll::v1::LayerConfig& layer : *spec.mutable_layers()) {
            layer.set_physics(false);
        }
        const auto without = run({});
        spec.mutable_training()->set_response_noise(0.0);
        CHECK(without.first == run({}).first);
    }
}

TEST_CASE("inputs that are not alike have one order only") {
    phyll::v1::RunSpec spec = complete_spec(1);
    spec.mutable_scheme()->set_kind("phyll");
    spec.mutable_layers(0)->set_permutations(2);
    RigShape rig{24, 20};
    rig.levels.assign(24, 0);
    CHECK_NOTHROW(make_scheme_on(rig, spec, small_vowels()));
    rig.levels[3] = 2;
    CHECK_THROWS_WITH(make_scheme_on(rig, spec, small_vowels()),
                      Contains("layers[0].permutations") && Contains("only 1"));
}

TEST_CASE("a network of prototypes is stored with them, and without a label level") {
    const std::unique_ptr<Scheme> scheme = make_local("prototypes", small_spec(), small_vowels());
    const std::vector<NamedArray> network = scheme->network();
    CHECK(std::ranges::find(network, "label_level", &NamedArray::name) == network.end());
    CHECK(array_of(network, "layer1/prototypes").shape == std::vector<std::size_t>{7, 8});
    CHECK(array_of(network, "layer2/prototypes").values !=
          array_of(network, "layer1/prototypes").values);
}
