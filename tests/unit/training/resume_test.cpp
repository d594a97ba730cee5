#include "drivers/core/error.hpp"
#include "tests/unit/training/laboratory.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <iterator>

using namespace phyll;
using namespace phyll::training;
using namespace phyll::training::test;
using Catch::Matchers::Contains;

namespace {

/// What the steps from `first` on reported.
bool same_reports(const std::vector<StepReport>& whole, std::size_t first,
                  const std::vector<StepReport>& rest) {
    const auto same_epoch = [](const EpochReport& a, const EpochReport& b) {
        return a.layer == b.layer && a.epoch == b.epoch && a.loss == b.loss &&
               a.pair_accuracy == b.pair_accuracy && a.train_accuracy == b.train_accuracy &&
               a.validation_accuracy == b.validation_accuracy &&
               a.validation_accuracy_before == b.validation_accuracy_before;
    };
    const auto same = [&](const StepReport& a, const StepReport& b) {
        return a.loss == b.loss && a.operations == b.operations &&
               a.train_accuracy == b.train_accuracy && a.test_accuracy == b.test_accuracy &&
               a.test_judgement == b.test_judgement && a.epoch.has_value() == b.epoch.has_value() &&
               (!a.epoch || same_epoch(*a.epoch, *b.epoch));
    };
    return std::ranges::equal(whole.begin() + static_cast<std::ptrdiff_t>(first), whole.end(),
                              rest.begin(), rest.end(), same);
}

} // namespace

TEST_CASE("a run resumed at any step goes on to the last bit") {
    const char* kind = GENERATE(from_range(std::begin(all_local_kinds), std::end(all_local_kinds)));
    for (const char* schedule : {"greedy", "simultaneous"}) {
        for (const char* reuse : {"run", "off"}) {
            CAPTURE(kind, schedule, reuse);
            phyll::v1::RunSpec spec = small_spec();
            spec.mutable_training()->set_schedule(schedule);
            spec.mutable_training()->set_reuse(reuse);
            spec.mutable_training()->set_batch(30);
            spec.mutable_layers(1)->set_skip(true);
            spec.mutable_layers(1)->set_permutations(2);
            SplitData data = small_vowels();
            if (kind != std::string("infonce")) {
                hold_out(data.split, 20);
                spec.mutable_evaluation()->set_every(2);
                spec.mutable_evaluation()->set_patience(1);
                spec.add_perturb()->set_at_epoch(3);
            }
            const std::unique_ptr<Scheme> whole = make_local(kind, spec, data);
            const std::uint64_t steps = whole->steps();
            Runner runner;
            std::vector<std::vector<NamedArray>> states;
            for (std::uint64_t step = 0; step < steps; ++step) {
                states.push_back(whole->state());
                runner.run(*whole, step, step + 1);
            }
            for (std::uint64_t step = 0; step < steps; step += 3) {
                CAPTURE(step);
                const std::unique_ptr<Scheme> resumed = make_local(kind, spec, data);
                resumed->restore(states[step]);
                REQUIRE(resumed->state() == states[step]);
                Runner other;
                other.run(*resumed, step, steps);
                REQUIRE(resumed->state() == whole->state());
                REQUIRE(same_reports(runner.record().reports, step, other.record().reports));
            }
        }
    }
}

TEST_CASE("a state that does not fit is refused and changes nothing") {
    const SplitData data = small_vowels();
    const std::unique_ptr<Scheme> scheme = make_scheme(small_spec(), data);
    Runner().run(*scheme, 0, 4);
    const std::vector<NamedArray> state = scheme->state();
    const std::unique_ptr<Scheme> fresh = make_scheme(small_spec(), data);
    const std::vector<NamedArray> before = fresh->state();
    const auto refusal = [&](const std::vector<NamedArray>& damaged) -> std::string {
        try {
            fresh->restore(damaged);
        } catch (const Error& error) {
            CHECK(error.code() == Code::data_loss);
            CHECK(fresh->state() == before);
            return error.what();
        }
        return "accepted";
    };

    // Each array in turn is missing, too short, or of another shape.
    for (std::size_t i = 0; i < state.size(); ++i) {
        std::vector<NamedArray> damaged = state;
        damaged.erase(damaged.begin() + static_cast<std::ptrdiff_t>(i));
        CHECK_THAT(refusal(damaged), Contains(state[i].name));
        damaged = state;
        damaged[i].shape.push_back(1);
        CHECK_THAT(refusal(damaged), Contains(state[i].name));
    }
    phyll::v1::RunSpec other = small_spec();
    other.mutable_training()->set_epochs(7);
    CHECK_THAT(refusal(make_scheme(other, data)->state()), Contains("another job"));
    other = small_spec();
    other.mutable_layers(0)->set_width(9);
    CHECK_THAT(refusal(make_scheme(other, data)->state()), Contains("another job"));
    CHECK(refusal(state) == "accepted");
}

TEST_CASE("steps are taken in order") {
    const std::unique_ptr<Scheme> scheme = make_scheme(small_spec(), small_vowels());
    CHECK_THROWS_WITH(scheme->plan(2), Contains("step 2") && Contains("turn of step 0"));
    const Plan plan = scheme->plan(0);
    CHECK(scheme->may_plan_ahead(0));
    const Plan ahead = scheme->plan(1);
    const OwnedBlock wrong(19, plan.stimuli.samples());
    CHECK_THROWS_WITH(scheme->learn(0, plan, wrong.view()), Contains("layers[0]"));
    CHECK_THROWS_WITH(scheme->learn(1, ahead, wrong.view()), Contains("turn of step 0"));
    Runner().run(*scheme, 0, scheme->steps());
    CHECK_THROWS_WITH(scheme->plan(scheme->steps()), Contains("turn of step"));
}

TEST_CASE("a network is stored with everything that inference needs") {
    const std::unique_ptr<Scheme> scheme = make_scheme(small_spec(), small_vowels());
    std::vector<std::string> names;
    for (const NamedArray& array : scheme->network()) {
        std::size_t size = 1;
        for (const std::size_t extent : array.shape) {
            size *= extent;
        }
        CHECK(size == array.values.size());
        names.push_back(array.name);
    }
    CHECK(names == std::vector<std::string>{
                       "label_level", "features/mean", "features/deviation", "features/minimum",
                       "features/maximum", "layer1/weights", "layer1/bias", "layer1/projection",
                       "layer1/encoding_offset", "layer1/encoding_scale", "layer1/response_mean",
                       "layer1/response_scale", "layer2/weights", "layer2/bias",
                       "layer2/projection", "layer2/encoding_offset", "layer2/encoding_scale",
                       "layer2/response_mean", "layer2/response_scale"});
    CHECK(scheme->network()[5].shape == std::vector<std::size_t>{8, 20});
}
