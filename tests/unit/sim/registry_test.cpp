#include "phyll/v1/annotations.pb.h"
#include "sim/rigs/acoustic/acoustic.pb.h"
#include "sim/rigs/acoustic/acoustic_rig.hpp"
#include "sim/rigs/echo/echo.pb.h"
#include "tests/unit/sim/support.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/descriptor.h>

#include <set>
#include <string>

using namespace phyll;
using namespace phyll::test;
using google::protobuf::FieldDescriptor;

namespace {

const v1::FieldRule& rule_of(const FieldDescriptor& field) {
    return field.options().GetExtension(v1::rule);
}

/// Gives a field the value that a text says.
void set(google::protobuf::Message& message, const FieldDescriptor& field,
         const std::string& text) {
    const auto* reflection = message.GetReflection();
    switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_DOUBLE:
        return reflection->SetDouble(&message, &field, std::stod(text));
    case FieldDescriptor::CPPTYPE_UINT32:
        return reflection->SetUInt32(&message, &field,
                                     static_cast<std::uint32_t>(std::stoul(text)));
    case FieldDescriptor::CPPTYPE_STRING:
        return reflection->SetString(&message, &field, text);
    default:
        FAIL("no option has this type yet: " << field.full_name());
    }
}

/// A valid value that is not the default.
std::string other_value(const FieldDescriptor& field) {
    const v1::FieldRule& rule = rule_of(field);
    if (rule.one_of_size() > 0) {
        return rule.one_of(1);
    }
    const bool whole_windows = rule.unit() == "s" || rule.unit() == "Hz";
    return std::to_string(std::stod(rule.default_()) * (whole_windows ? 2.0 : 0.9));
}

} // namespace

TEST_CASE("kinds have distinct names, a word about them and options that make a rig") {
    std::set<std::string> names;
    Workers workers(1);
    for (const sim::SimulatedRigKind& kind : sim::simulated_rig_kinds()) {
        REQUIRE(names.insert(kind.name).second);
        REQUIRE_FALSE(kind.about.empty());
        const auto rig = kind.make(*kind.new_options(), {.workers = &workers});
        REQUIRE(rig->spec().kind == kind.name);
        REQUIRE(rig->spec().evidence == Evidence::simulation);
        REQUIRE(rig->spec().deterministic);
    }
    REQUIRE(names == std::set<std::string>{"acoustic", "echo", "microwave"});
}

TEST_CASE("every option is optional and states its default and range") {
    for (const sim::SimulatedRigKind& kind : sim::simulated_rig_kinds()) {
        const auto options = kind.new_options();
        for (int i = 0; i < options->GetDescriptor()->field_count(); ++i) {
            const FieldDescriptor& field = *options->GetDescriptor()->field(i);
            CAPTURE(field.full_name());
            REQUIRE(field.has_optional_keyword());
            REQUIRE_FALSE(rule_of(field).default_().empty());
            REQUIRE((rule_of(field).one_of_size() > 0 ||
                     (rule_of(field).has_min() && rule_of(field).has_max())));
        }
    }
}

TEST_CASE("the defaults that acoustic.proto states are those of the physics") {
    const auto* descriptor = sim::v1::AcousticOptions::descriptor();
    const physics::AcousticParameters defaults;
    REQUIRE(sim::acoustic_parameters({}) == defaults);
    for (int i = 0; i < descriptor->field_count(); ++i) {
        const FieldDescriptor& field = *descriptor->field(i);
        CAPTURE(field.name());
        sim::v1::AcousticOptions options;
        set(options, field, rule_of(field).default_());
        REQUIRE(sim::acoustic_parameters(options) == defaults);
        set(options, field, other_value(field));
        REQUIRE_FALSE(sim::acoustic_parameters(options) == defaults);
    }
}

TEST_CASE("another size of the cavity moves what is in it along") {
    sim::v1::AcousticOptions options;
    options.set_length(0.48);
    const physics::AcousticParameters p = sim::acoustic_parameters(options);
    REQUIRE(p.size[0] == 0.48);
    REQUIRE(p.membranes[0][0] == Approx(2 * 0.1815));
    REQUIRE(p.membranes[0][2] == 0.0718);
}

TEST_CASE("an acoustic option that cannot be is refused by name") {
    sim::v1::AcousticOptions options;
    options.set_bins("all");
    REQUIRE_THROWS_WITH(sim::acoustic_parameters(options),
                        "bins: 'all'; valid are 'drive', 'intermodulation'");
    options.set_bins("drive");
    options.set_length(-1);
    REQUIRE(code_of([&] { return sim::acoustic_parameters(options); }) == Code::invalid_argument);
}

TEST_CASE("the acoustic rig says what its channels are") {
    Workers workers(1);
    const auto rig = default_rig("acoustic", workers);
    const LayerSpec& spec = rig->spec();
    REQUIRE(spec.n_in() == 20);
    REQUIRE(spec.n_out() == 20);
    REQUIRE(spec.inputs[1].name == "tone 440 Hz");
    REQUIRE(spec.inputs[1].unit == "m^3/s");
    REQUIRE(spec.inputs[1].at_zero == 0.0);
    REQUIRE(spec.inputs[1].at_one >= 0.25 * 3e-4);
    REQUIRE(spec.inputs[1].at_one <= 4 * 3e-4);
    REQUIRE(spec.outputs[1].name == "440 Hz at microphone 2");
    REQUIRE(spec.outputs[1].unit == "Pa");
    REQUIRE(spec.seconds_per_sample == Approx(0.1));
    REQUIRE_FALSE(spec.can_follow);
}

TEST_CASE("an echo is as wide as it is asked to be") {
    Workers workers(1);
    sim::v1::EchoOptions options;
    options.set_width(3);
    const sim::SimulatedRigKind& echo = kind_named("echo");
    REQUIRE(echo.make(options, {.workers = &workers})->spec().n_in() == 3);
    REQUIRE(default_rig("echo", workers)->spec().n_out() == 16);
    options.set_width(0);
    REQUIRE_THROWS_WITH(echo.make(options, {.workers = &workers}), "width: 0; valid is 1 to 65536");
}
