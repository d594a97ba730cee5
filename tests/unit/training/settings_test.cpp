#include "daemon/training/schemes/local/settings.hpp"
#include "daemon/training/schemes/registry.hpp"
#include "drivers/core/error.hpp"
#include "tests/unit/training/laboratory.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <string>

using namespace phyll;
using namespace phyll::training;
using namespace phyll::training::test;
using Catch::Matchers::Contains;

namespace {

/// The fields that a scheme complains about when `spoil` has had its way.
std::string
refused_field(const std::function<void(phyll::v1::RunSpec&, training::v1::PhyllOptions&)>& spoil) {
    phyll::v1::RunSpec spec = small_spec();
    training::v1::PhyllOptions options = complete_options();
    spoil(spec, options);
    try {
        static_cast<void>(make_scheme(spec, small_vowels(), options));
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::invalid_argument);
        REQUIRE(error.violations().size() == 1);
        return error.violations().front().field;
    }
    return "accepted";
}

} // namespace

TEST_CASE("a run spec that cannot be is refused with the field that is wrong") {
    using Spec = phyll::v1::RunSpec;
    using Options = training::v1::PhyllOptions;
    const auto training = [](auto change) {
        return refused_field([&](Spec& spec, Options&) { change(*spec.mutable_training()); });
    };
    const auto option = [](auto change) {
        return refused_field([&](Spec&, Options& options) { change(options); });
    };
    CHECK(refused_field([](Spec&, Options&) {}) == "accepted");
    CHECK(training([](auto& t) { t.set_schedule("both"); }) == "training.schedule");
    CHECK(training([](auto& t) { t.set_inner_steps(0); }) == "training.inner_steps");
    CHECK(training([](auto& t) { t.set_learning_rate(0); }) == "training.learning_rate");
    CHECK(training([](auto& t) { t.set_learning_rate_schedule("step"); }) ==
          "training.learning_rate_schedule");
    CHECK(training([](auto& t) { t.set_reuse("maybe"); }) == "training.reuse");
    CHECK(training([](auto& t) { t.set_response_noise(-0.1); }) == "training.response_noise");
    CHECK(option([](auto& o) { o.set_theta(0); }) == "scheme.options.theta");
    CHECK(option([](auto& o) { o.set_activation("gelu"); }) == "scheme.options.activation");
    CHECK(option([](auto& o) { o.set_label_level(1.5); }) == "scheme.options.label_level");
    CHECK(option([](auto& o) { o.set_response_scale("none"); }) == "scheme.options.response_scale");
    CHECK(option([](auto& o) { o.set_negatives("soft"); }) == "scheme.options.negatives");
    CHECK(option([](auto& o) { o.set_adam_beta1(1); }) == "scheme.options.adam_beta1");
    CHECK(option([](auto& o) { o.set_adam_beta2(-1); }) == "scheme.options.adam_beta2");
    CHECK(option([](auto& o) { o.set_adam_epsilon(0); }) == "scheme.options.adam_epsilon");
    CHECK(refused_field([](Spec& spec, Options&) { spec.clear_layers(); }) == "layers");
    CHECK(refused_field([](Spec& spec, Options&) { spec.mutable_layers(1)->set_width(0); }) ==
          "layers[1].width");
    CHECK(refused_field([](Spec& spec, Options&) {
              spec.mutable_layers(1)->set_permutations(0);
          }) == "layers[1].permutations");
    CHECK(refused_field([](Spec& spec, Options&) {
              spec.mutable_layers(1)->mutable_encoding()->set_kind("linear");
          }) == "layers[1].encoding.kind");
}

TEST_CASE("a layer wider than its rig is refused with both numbers") {
    phyll::v1::RunSpec spec = small_spec();
    spec.mutable_layers(0)->set_width(25);
    CHECK_THROWS_WITH(make_scheme(spec, small_vowels()),
                      Contains("layers[1]") && Contains("25 inputs") && Contains("has 24"));
    SplitData data = small_vowels();
    data.data.label_entries = 13;
    CHECK_THROWS_WITH(make_scheme(small_spec(), data),
                      Contains("layers[0]") && Contains("25 inputs") &&
                          Contains("13 label entries and 12 features") && Contains("has 24"));
    // Without physics nothing has to fit anything.
    spec.mutable_layers(1)->set_physics(false);
    CHECK_NOTHROW(make_scheme(spec, small_vowels()));
}

TEST_CASE("the learning rate stands or falls to zero over the epochs") {
    LocalSettings settings;
    settings.epochs = 100;
    settings.learning_rate = 0.01;
    CHECK(settings.learning_rate_at(99) == 0.01);
    settings.cosine = true;
    CHECK(settings.learning_rate_at(0) == 0.01);
    CHECK(settings.learning_rate_at(50) == Approx(0.005));
    CHECK(settings.learning_rate_at(99) < 1e-5);
    CHECK(settings.learning_rate_at(99) > 0.0);
    settings.warm_up = 4;
    CHECK(settings.learning_rate_at(0) == Approx(0.002));
    CHECK(settings.learning_rate_at(3) == Approx(0.008).epsilon(0.01));
    CHECK(settings.learning_rate_at(50) == Approx(0.005));
}

TEST_CASE("a layer with physics needs a rig") {
    const phyll::v1::RunSpec spec = small_spec();
    const training::v1::PhyllOptions options = complete_options();
    const SplitData data = small_vowels();
    const std::vector<std::optional<RigShape>> rigs{RigShape{24, 20}, std::nullopt};
    const SchemeJob job{spec, options, data.data, data.split, rigs};
    CHECK_THROWS_WITH(scheme_kind("phyll").make(job), Contains("layers[1].rig"));
}

TEST_CASE("bits that do not fit a rig's inputs are refused with the numbers, by every scheme") {
    phyll::v1::RunSpec spec = complete_spec(1);
    phyll::v1::Encoding& encoding = *spec.mutable_layers(0)->mutable_encoding();
    encoding.set_kind("quantise");
    encoding.set_bits(2);
    encoding.set_code("gray");
    CHECK_THROWS_WITH(
        make_scheme(spec, small_vowels()),
        "layers[0]: 19 inputs (7 label entries and 12 features), and 2 bits for each make 38, but "
        "rig 'sine' has 24; a layer needs a rig with at least as many inputs as itself");
    CHECK_NOTHROW(make_read_out(spec, small_vowels())); // 12 features, 24 bits
    encoding.set_bits(3);
    CHECK_THROWS_WITH(make_read_out(spec, small_vowels()), Contains("12 inputs (12 features)") &&
                                                               Contains("make 36") &&
                                                               Contains("has 24"));
    encoding.set_kind("phase");
    encoding.set_phase_range(3.14);
    CHECK_THROWS_WITH(make_scheme(spec, small_vowels()), Contains("layers[0].encoding.kind"));
}

TEST_CASE("data that do not suit the scheme are refused") {
    SplitData data = small_vowels();
    data.data.label_entries = 6;
    CHECK_THROWS_WITH(make_scheme(small_spec(), data), Contains("data.label_entries"));
    data = small_vowels();
    data.split.training.clear();
    CHECK_THROWS_WITH(make_scheme(small_spec(), data), Contains("training samples"));
}

TEST_CASE("schemes are found by name, their options made and checked by kind") {
    CHECK(scheme_kind("phyll").new_options()->GetTypeName() == "phyll.training.v1.PhyllOptions");
    CHECK_THROWS_WITH(scheme_kind("phil"), Contains("scheme.kind") && Contains("valid is 'phyll'"));
    const phyll::v1::RunSpec spec = small_spec();
    const SplitData data = small_vowels();
    const std::vector<std::optional<RigShape>> rigs(2, RigShape{24, 20});
    const SchemeJob job{spec, phyll::v1::LayerConfig::default_instance(), data.data, data.split,
                        rigs};
    CHECK_THROWS_WITH(scheme_kind("phyll").make(job),
                      Contains("scheme.options") && Contains("phyll.v1.LayerConfig"));
}
