#include "drivers/core/error.hpp"
#include "tests/unit/training/laboratory.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

using namespace phyll;
using namespace phyll::training;
using namespace phyll::training::test;
using Catch::Matchers::Contains;

namespace {

SplitData vowels_with_validation() {
    SplitData data = small_vowels();
    hold_out(data.split, 20);
    return data;
}

std::vector<EpochReport> epochs_of(const Record& record) {
    std::vector<EpochReport> epochs;
    for (const StepReport& report : record.reports) {
        if (report.epoch) {
            epochs.push_back(*report.epoch);
        }
    }
    return epochs;
}

std::vector<float> stored(const Scheme& scheme, const std::string& name) {
    for (const NamedArray& array : scheme.network()) {
        if (array.name == name) {
            return array.values;
        }
    }
    return {};
}

} // namespace

TEST_CASE("the validation split is judged as often as it is asked for, and changes nothing") {
    const SplitData data = vowels_with_validation();
    for (const char* kind : local_kinds) {
        for (const char* schedule : {"greedy", "simultaneous"}) {
            CAPTURE(kind, schedule);
            phyll::v1::RunSpec spec = small_spec();
            spec.mutable_training()->set_schedule(schedule);
            const std::unique_ptr<Scheme> plain = make_local(kind, spec, data);
            static_cast<void>(Runner().run(*plain));
            spec.mutable_evaluation()->set_every(3);
            spec.mutable_evaluation()->set_samples(15);
            const std::unique_ptr<Scheme> scheme = make_local(kind, spec, data);
            const bool greedy = schedule == std::string("greedy");
            const Record record = Runner({.remember = greedy}).run(*scheme);
            CHECK(scheme->network() == plain->network());
            for (const EpochReport& epoch : epochs_of(record)) {
                REQUIRE(epoch.validation_accuracy.has_value() == ((epoch.epoch + 1) % 3 == 0));
                if (epoch.validation_accuracy) {
                    // Of 15 samples.
                    const double hits = *epoch.validation_accuracy * 15.0;
                    CHECK(hits == Approx(std::round(hits)));
                }
            }
            CHECK(scheme->outlook()[1].evaluation_queries == record.evaluation_queries.at(1));
        }
    }
}

TEST_CASE("validation judges as the test does") {
    // The validation split and the test split are the same samples.
    SplitData data = small_vowels();
    data.split.validation = data.split.test;
    for (const char* kind : local_kinds) {
        for (const char* schedule : {"greedy", "simultaneous"}) {
            phyll::v1::RunSpec spec = small_spec();
            spec.mutable_training()->set_schedule(schedule);
            spec.mutable_evaluation()->set_every(6);
            const std::unique_ptr<Scheme> scheme = make_local(kind, spec, data);
            const Record record = Runner().run(*scheme);
            CHECK(epochs_of(record).back().validation_accuracy == record.test_accuracy);
        }
    }
}

TEST_CASE("training without a gain ends, and goes on with the best weights") {
    for (const char* schedule : {"greedy", "simultaneous"}) {
        CAPTURE(schedule);
        phyll::v1::RunSpec spec = small_spec();
        spec.mutable_layers()->RemoveLast();
        spec.mutable_training()->set_schedule(schedule);
        spec.mutable_training()->set_epochs(40);
        spec.mutable_training()->set_learning_rate(0.3); // it soon gets no better
        spec.mutable_evaluation()->set_every(1);
        spec.mutable_evaluation()->set_patience(3);
        const SplitData data = vowels_with_validation();
        const std::unique_ptr<Scheme> scheme = make_local("prototypes", spec, data);
        Runner runner;
        std::vector<float> best_weights;
        double best = -1.0;
        std::size_t last_epoch = 0;
        for (std::uint64_t step = 0; scheme->plan(step).stage != Stage::testing; ++step) {
            runner.run(*scheme, step, step + 1);
            const auto& epoch = runner.record().reports.back().epoch;
            last_epoch = epoch ? epoch->epoch : last_epoch;
            if (epoch && *epoch->validation_accuracy > best) {
                best = *epoch->validation_accuracy;
                best_weights = stored(*scheme, "layer1/weights");
            }
        }
        CHECK(last_epoch < 39);
        CHECK(stored(*scheme, "layer1/weights") == best_weights);
    }
}

TEST_CASE("what is left over of training that ended asks for nothing") {
    phyll::v1::RunSpec spec = small_spec();
    spec.mutable_training()->set_epochs(60);
    spec.mutable_training()->set_schedule("simultaneous");
    spec.mutable_evaluation()->set_every(1);
    spec.mutable_evaluation()->set_patience(2);
    const SplitData data = vowels_with_validation();
    const auto run = [&](bool ahead) {
        const std::unique_ptr<Scheme> scheme = make_local("phyll", spec, data);
        const Record record = Runner({.plan_ahead = ahead}).run(*scheme);
        CHECK(record.training_queries.at(1) < scheme->outlook()[1].training_queries);
        return std::pair(scheme->state(), record.training_queries);
    };
    CHECK(run(false) == run(true));
}

TEST_CASE("where a rig is displaced, the network is judged before it learns again") {
    phyll::v1::RunSpec spec = small_spec();
    spec.mutable_evaluation()->set_every(2);
    spec.add_perturb()->set_at_epoch(4);
    for (const char* schedule : {"greedy", "simultaneous"}) {
        spec.mutable_training()->set_schedule(schedule);
        const std::unique_ptr<Scheme> scheme = make_local("phyll", spec, vowels_with_validation());
        std::optional<Plan> first;
        Runner runner;
        for (std::uint64_t step = 0; step < scheme->steps(); ++step) {
            const Plan plan = scheme->plan(step);
            if (!first && plan.overall_epoch == 3) {
                first = plan;
            }
            runner.run(*scheme, step, step + 1);
        }
        CHECK(first->stage == Stage::validating);
        std::size_t before = 0;
        for (const EpochReport& epoch : epochs_of(runner.record())) {
            before += epoch.validation_accuracy_before ? 1 : 0;
            CHECK(
                epoch.validation_accuracy_before.has_value() ==
                (epoch.layer == (schedule == std::string("greedy") ? 0U : 1U) && epoch.epoch == 3));
        }
        CHECK(before == 1);
    }
}

TEST_CASE("an evaluation that cannot be is refused") {
    const SplitData data = vowels_with_validation();
    const auto refusal = [&](const SplitData& of, auto&& change) -> std::string {
        phyll::v1::RunSpec spec = small_spec();
        change(*spec.mutable_evaluation());
        try {
            static_cast<void>(make_scheme(spec, of));
        } catch (const Error& error) {
            return error.what();
        }
        return "accepted";
    };
    CHECK_THAT(refusal(small_vowels(), [](auto& it) { it.set_every(1); }),
               Contains("evaluation.every: 1") && Contains("data.validation_samples"));
    CHECK_THAT(refusal(data, [](auto& it) { it.set_patience(4); }),
               Contains("evaluation.patience: 4") && Contains("evaluation.every"));
    CHECK_THAT(refusal(data, [](auto& it) { it.set_samples(21); }),
               Contains("evaluation.samples: 21; there are 20"));
    CHECK_THAT(refusal(data, [](auto& it) { it.set_training_samples(51); }),
               Contains("evaluation.training_samples: 51; there are 50"));
    phyll::v1::RunSpec spec = small_spec();
    spec.mutable_layers()->RemoveLast();
    spec.mutable_scheme()->set_kind("ridge");
    spec.mutable_evaluation()->set_every(1);
    CHECK_THROWS_WITH(make_read_out(spec, data), Contains("evaluation.every: 1; a read-out"));
}

TEST_CASE("fewer training samples may be judged, and layers may stay untrained") {
    phyll::v1::RunSpec spec = small_spec();
    spec.mutable_training()->set_schedule("simultaneous");
    spec.mutable_evaluation()->set_training_samples(10);
    for (const std::uint32_t epochs : {2U, 0U}) {
        spec.mutable_training()->set_epochs(epochs);
        const std::unique_ptr<Scheme> scheme = make_scheme(spec, small_vowels());
        const std::vector<float> drawn = stored(*scheme, "layer1/weights");
        const Record record = Runner().run(*scheme);
        CHECK(record.evaluation_queries.at(0) == (10 + 70) * 7);
        CHECK(scheme->outlook()[0].evaluation_queries == (10 + 70) * 7);
        CHECK(*record.train_accuracy * 10 == Approx(std::round(*record.train_accuracy * 10)));
        CHECK((stored(*scheme, "layer1/weights") == drawn) == (epochs == 0));
    }
}
