#include "phyll/v1/annotations.pb.h"
#include "sim/rigs/acoustic/acoustic.pb.h"
#include "sim/rigs/acoustic/acoustic_rig.hpp"
#include "sim/rigs/echo/echo.pb.h"
#include "sim/rigs/electronic/electronic.pb.h"
#include "sim/rigs/electronic/electronic_rig.hpp"
#include "sim/rigs/optical/optical.pb.h"
#include "sim/rigs/optical/optical_rig.hpp"
#include "sim/rigs/replay/recording.pb.h"
#include "tests/unit/sim/recordings.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <google/protobuf/descriptor.h>

#include <cmath>
#include <map>
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
    case FieldDescriptor::CPPTYPE_BOOL:
        return reflection->SetBool(&message, &field, text == "true");
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
    return fmt::format("{}", std::stod(rule.default_()) * (whole_windows ? 2.0 : 0.9));
}

/// That each option's default is that of the physics, and that each option reaches it.
template <class Options, class Parameters>
void check_defaults(Parameters (*parameters)(const Options&)) {
    const Parameters defaults;
    REQUIRE(parameters({}) == defaults);
    for (int i = 0; i < Options::descriptor()->field_count(); ++i) {
        const FieldDescriptor& field = *Options::descriptor()->field(i);
        CAPTURE(field.name());
        Options options;
        set(options, field, rule_of(field).default_());
        REQUIRE(parameters(options) == defaults);
        set(options, field, other_value(field));
        REQUIRE_FALSE(parameters(options) == defaults);
    }
}

/// What a kind's options must say before it can make a rig: a recording.
void name_files(google::protobuf::Message& options) {
    if (const FieldDescriptor* field = options.GetDescriptor()->FindFieldByName("recording")) {
        auto& recording = dynamic_cast<sim::v1::RecordingOptions&>(
            *options.GetReflection()->MutableMessage(&options, field));
        recording.set_stimuli("x.csv");
        recording.set_responses("y.csv");
    }
}

Evidence evidence_of(const std::string& kind) {
    return kind == "replay" ? Evidence::replay
           : kind == "twin" ? Evidence::replay_twin
                            : Evidence::simulation;
}

} // namespace

TEST_CASE("kinds have distinct names, a word about them and options that make a rig") {
    std::set<std::string> names;
    Workers workers(1);
    std::string rows;
    for (int i = 0; i < 20; ++i) {
        rows += fmt::format("{}\n", i / 20.0);
    }
    for (const sim::SimulatedRigKind& kind : sim::simulated_rig_kinds()) {
        REQUIRE(names.insert(kind.name).second);
        REQUIRE_FALSE(kind.about.empty());
        const auto options = kind.new_options();
        name_files(*options);
        sim::RigSite site{.workers = &workers};
        site.read = files({{"x.csv", rows}, {"y.csv", rows}});
        const auto rig = kind.make(*options, site);
        REQUIRE(rig->spec().kind == kind.name);
        REQUIRE(rig->spec().evidence == evidence_of(kind.name));
        REQUIRE(rig->spec().deterministic);
    }
    REQUIRE(names == std::set<std::string>{"acoustic", "echo", "electronic", "microwave", "optical",
                                           "replay", "twin"});
}

TEST_CASE("every option is optional and states its default and range, a list is one by nature") {
    for (const sim::SimulatedRigKind& kind : sim::simulated_rig_kinds()) {
        const auto options = kind.new_options();
        for (int i = 0; i < options->GetDescriptor()->field_count(); ++i) {
            const FieldDescriptor& field = *options->GetDescriptor()->field(i);
            CAPTURE(field.full_name());
            if (rule_of(field).required()) {
                continue; // has no default: a rig on a recording is nothing without one
            }
            if (!field.is_repeated()) {
                REQUIRE(field.has_optional_keyword());
                REQUIRE_FALSE(rule_of(field).default_().empty());
            }
            REQUIRE((field.type() == FieldDescriptor::TYPE_BOOL ||
                     rule_of(field).one_of_size() > 0 ||
                     (rule_of(field).has_min() && rule_of(field).has_max())));
        }
    }
}

TEST_CASE("the defaults that acoustic.proto states are those of the physics") {
    check_defaults<sim::v1::AcousticOptions>(sim::acoustic_parameters);
}

TEST_CASE("the defaults that optical.proto states are those of the physics") {
    check_defaults<sim::v1::OpticalOptions>(sim::optical_parameters);
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
                        "bins: 'all'; valid is 'drive', 'intermodulation'");
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

TEST_CASE("the defaults that electronic.proto states are those of the physics") {
    const auto* descriptor = sim::v1::ElectronicOptions::descriptor();
    const physics::ElectronicParameters defaults;
    REQUIRE(sim::electronic_parameters({}) == defaults);
    const std::map<std::string, std::string> others{
        {"stages", "3"},       {"diodes", "false"},  {"dac_low", "-1"},
        {"dac_samples", "24"}, {"adc_first", "1"},   {"adc_every", "3"},
        {"adc_bits", "0"},     {"adc_range", "0.5"}, {"steps_per_sample", "4"}};
    for (int i = 0; i < descriptor->field_count(); ++i) {
        const FieldDescriptor& field = *descriptor->field(i);
        if (field.is_repeated()) {
            continue;
        }
        CAPTURE(field.name());
        sim::v1::ElectronicOptions options;
        set(options, field, rule_of(field).default_());
        REQUIRE(sim::electronic_parameters(options) == defaults);
        const auto other = others.find(field.name());
        set(options, field, other == others.end() ? other_value(field) : other->second);
        REQUIRE_FALSE(sim::electronic_parameters(options) == defaults);
    }
    sim::v1::ElectronicOptions options;
    options.add_adc_nodes(1);
    options.add_adc_nodes(3);
    REQUIRE(sim::electronic_parameters(options) == defaults);
    options.add_adc_nodes(5);
    REQUIRE(sim::electronic_parameters(options).adc_nodes == std::vector<std::size_t>{1, 3, 5});
}

TEST_CASE("what the options of electronic.proto allow at most is computed") {
    // Every number at either end of its range, one at a time.
    Workers workers(1);
    const auto* descriptor = sim::v1::ElectronicOptions::descriptor();
    for (int i = 0; i < descriptor->field_count(); ++i) {
        const FieldDescriptor& field = *descriptor->field(i);
        const std::string& name = field.name();
        if (field.is_repeated() || !rule_of(field).has_min() || name == "adc_first") {
            continue;
        }
        for (const double end : {rule_of(field).min(), rule_of(field).max()}) {
            if ((name == "dac_low" && end > 0) || (name == "dac_high" && end < 0)) {
                continue;
            }
            sim::v1::ElectronicOptions options;
            set(options, field, fmt::format("{}", end));
            if (name == "stages" && end == 1.0) {
                options.add_adc_nodes(1);
            }
            if (name == "dac_samples" && end == 1.0) {
                options.set_adc_first(1);
            }
            CAPTURE(name, end);
            const auto rig = kind_named("electronic").make(options, {.workers = &workers});
            const OwnedBlock x = uniform_stimuli(rig->spec(), 20);
            const OwnedBlock y = answer(*rig, x);
            for (const float value : y.view().values()) {
                REQUIRE(value >= rig->spec().outputs[0].minimum);
                REQUIRE(value <= rig->spec().outputs[0].maximum);
            }
        }
    }
}

TEST_CASE("the electronic rig says what its channels are") {
    Workers workers(1);
    const auto rig = default_rig("electronic", workers);
    const LayerSpec& spec = rig->spec();
    REQUIRE(spec.n_in() == 20);
    REQUIRE(spec.n_out() == 20);
    REQUIRE(spec.inputs[1].name == "DAC sample 2");
    REQUIRE(spec.inputs[1].unit == "V");
    REQUIRE(spec.inputs[1].at_zero == -2.0);
    REQUIRE(spec.inputs[1].at_one == 3.0);
    REQUIRE(spec.outputs[0].name == "node 1 after DAC sample 2");
    REQUIRE(spec.outputs[19].name == "node 3 after DAC sample 20");
    REQUIRE(spec.outputs[0].unit == "V");
    REQUIRE(spec.outputs[0].minimum == -1.0);
    REQUIRE(spec.outputs[0].maximum == 1.0 - 1.0 / 2048);
    REQUIRE(spec.seconds_per_sample == Approx(13.1e-3).epsilon(0.01));
    REQUIRE_FALSE(spec.can_follow);
}

TEST_CASE("readings are stored as the ADC's integers without loss") {
    Workers workers(1);
    sim::v1::ElectronicOptions options;
    const auto [bits, range] =
        GENERATE(table<unsigned, double>({{12, 0.0}, {12, 0.7}, {16, 0.6}, {1, 0.3}, {8, 1e-3}}));
    options.set_adc_bits(bits);
    options.set_adc_range(range);
    const auto rig = kind_named("electronic").make(options, {.workers = &workers});
    const StorageFormat& storage = rig->spec().response_storage;
    REQUIRE(storage.kind == StorageFormat::Kind::u16_scaled);
    const OwnedBlock y = answer(*rig, uniform_stimuli(rig->spec(), 100));
    for (const float value : y.view().values()) {
        const double stored = std::round((value - storage.offset) / storage.scale);
        REQUIRE(stored >= 0.0);
        REQUIRE(stored < std::exp2(bits));
        REQUIRE(static_cast<float>(storage.offset + storage.scale * stored) == value);
        REQUIRE(value >= rig->spec().outputs[0].minimum);
        REQUIRE(value <= rig->spec().outputs[0].maximum);
    }
    options.set_adc_bits(0);
    REQUIRE(kind_named("electronic")
                .make(options, {.workers = &workers})
                ->spec()
                .response_storage.kind == StorageFormat::Kind::float32);
}

TEST_CASE("an electronic option that cannot be is refused by name") {
    sim::v1::ElectronicOptions options;
    options.add_adc_nodes(6);
    REQUIRE_THROWS_WITH(sim::electronic_parameters(options), "adc_nodes: 6; valid is 1 to 5");
    options.clear_adc_nodes();
    options.set_dac_high(-2);
    REQUIRE_THROWS_WITH(sim::electronic_parameters(options),
                        "dac_high: -2 V; valid is more than dac_low, -2 V");
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
