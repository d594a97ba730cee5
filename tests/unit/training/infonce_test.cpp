#include "daemon/training/data/digits.hpp"
#include "daemon/training/schemes/registry.hpp"
#include "drivers/core/error.hpp"
#include "tests/unit/training/laboratory.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using namespace phyll;
using namespace phyll::training;
using namespace phyll::training::test;
using Catch::Matchers::Contains;

namespace {

std::unique_ptr<Scheme> make_infonce(const phyll::v1::RunSpec& spec, const SplitData& data,
                                     const training::v1::InfonceOptions& options) {
    std::vector<std::optional<RigShape>> rigs;
    for (const phyll::v1::LayerConfig& layer : spec.layers()) {
        rigs.push_back(layer.physics() ? std::optional(SineRig(24, 20).shape()) : std::nullopt);
    }
    return scheme_kind("infonce").make({spec, options, data.data, data.split, rigs});
}

phyll::v1::RunSpec small_infonce() {
    phyll::v1::RunSpec spec = small_spec();
    spec.mutable_training()->set_epochs(12);
    return spec;
}

} // namespace

TEST_CASE("greedy, each copy of a sample is measured once, whatever is compared with what") {
    const SplitData data = small_vowels();
    phyll::v1::RunSpec spec = small_infonce();
    spec.mutable_training()->set_epochs(40);
    const std::unique_ptr<Scheme> scheme = make_infonce(spec, data, complete_infonce());
    const Record record = Runner({.remember = true}).run(*scheme);
    // Three copies and the sample itself; the last layer's copies that were ever drawn.
    CHECK(record.training_queries.at(0) == 70 * 4);
    CHECK(scheme->outlook()[0].training_queries == 70 * 4);
    CHECK(record.training_queries.at(1) <= scheme->outlook()[1].training_queries);
    CHECK(record.training_queries.at(1) >= 70 * 3);
    for (const std::size_t layer : {0U, 1U}) {
        CHECK(record.evaluation_queries.at(layer) <= scheme->outlook()[layer].evaluation_queries);
    }
}

TEST_CASE("layers learn to tell samples by their copies without looking at a label") {
    SplitData data = small_vowels();
    const auto run = [&](const training::v1::InfonceOptions& options) {
        const std::unique_ptr<Scheme> scheme = make_infonce(small_infonce(), data, options);
        const Record record = Runner({.remember = true}).run(*scheme);
        return std::pair(scheme->network(), record);
    };
    training::v1::InfonceOptions options = complete_infonce();
    options.set_labels(30);
    const auto [network, record] = run(options);
    double first = 0.0;
    double last = 0.0;
    for (const StepReport& report : record.reports) {
        if (report.epoch && report.epoch->layer == 0) {
            first = report.epoch->epoch == 0 ? report.epoch->loss : first;
            last = report.epoch->loss;
        }
    }
    CHECK(last < first);
    CHECK(*record.test_accuracy > 0.5);
    CHECK(record.reports.back().test_judgement->classes == 7);

    // Labels beyond the budget, and those of the test, may be anything.
    for (std::size_t i = 30; i < 70; ++i) {
        data.data.labels[data.split.training[i]] = 0;
    }
    CHECK(run(options).first == network);
    // Within it they change the read-out, and no layer.
    data.data.labels[data.split.training[3]] = 0;
    data.data.labels[data.split.training[4]] = 0;
    const auto changed = run(options).first;
    CHECK(changed != network);
    const auto layers_of = [](std::vector<NamedArray> arrays) {
        std::erase_if(arrays, [](const auto& array) { return array.name.starts_with("read_out"); });
        return arrays;
    };
    CHECK(layers_of(changed) == layers_of(network));
}

TEST_CASE("images are moved, turned and scaled unless it is said otherwise") {
    const SplitData digits = drawn_digits(1, 60, 20);
    phyll::v1::RunSpec spec = small_spec();
    spec.mutable_layers()->RemoveLast();
    spec.mutable_layers(0)->set_physics(false);
    spec.mutable_training()->set_epochs(2);
    const auto weights = [&](const training::v1::InfonceOptions& options) {
        const std::unique_ptr<Scheme> scheme = make_infonce(spec, digits, options);
        static_cast<void>(Runner().run(*scheme));
        return scheme->network();
    };
    training::v1::InfonceOptions options = complete_infonce();
    const std::vector<NamedArray> usual = weights(options);
    options.set_shift(2.0);
    options.set_rotation(15.0);
    options.set_scale(0.1);
    options.set_noise(0.0);
    CHECK(weights(options) == usual);
    options.set_rotation(0.0);
    CHECK(weights(options) != usual);
}

TEST_CASE("what infonce cannot do is refused with the field") {
    const SplitData data = small_vowels();
    const auto refusal = [&](auto&& change) -> std::string {
        phyll::v1::RunSpec spec = small_infonce();
        training::v1::InfonceOptions options = complete_infonce();
        SplitData changed = data;
        change(spec, options, changed);
        try {
            static_cast<void>(make_infonce(spec, changed, options));
        } catch (const Error& error) {
            return error.what();
        }
        return "accepted";
    };
    CHECK_THAT(refusal([](auto&, auto& options, auto&) { options.set_shift(1.0); }),
               Contains("scheme.options.shift: 1") && Contains("no images"));
    CHECK_THAT(refusal([](auto&, auto& options, auto&) { options.set_labels(71); }),
               Contains("scheme.options.labels: 71") && Contains("70"));
    CHECK_THAT(refusal([](auto&, auto& options, auto&) { options.set_copies(1); }),
               Contains("scheme.options.copies: 1"));
    CHECK_THAT(refusal([](auto& spec, auto&, auto&) { spec.mutable_training()->set_batch(1); }),
               Contains("training.batch: 1"));
    CHECK_THAT(refusal([](auto&, auto&, auto& changed) { changed.split.shown_as = 5; }),
               Contains("data.augment.shift"));
    CHECK_THAT(refusal([](auto& spec, auto&, auto& changed) {
                   hold_out(changed.split, 10);
                   spec.mutable_evaluation()->set_every(1);
               }),
               Contains("evaluation.every: 1"));
}
