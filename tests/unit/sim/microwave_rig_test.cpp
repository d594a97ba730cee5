#include "phyll/v1/annotations.pb.h"
#include "sim/rigs/decorators/disturbance.hpp"
#include "sim/rigs/microwave/microwave.pb.h"
#include "sim/rigs/microwave/microwave_rig.hpp"
#include "tests/unit/sim/support.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/descriptor.h>

#include <cmath>
#include <string>

using namespace phyll;
using namespace phyll::test;
using google::protobuf::FieldDescriptor;

namespace {

std::unique_ptr<sim::SimulatedRig> microwave_rig(const sim::v1::MicrowaveOptions& options,
                                                 Workers& workers, std::uint64_t seed = 1) {
    return kind_named("microwave").make(options, {.seed = seed, .workers = &workers});
}

sim::v1::MicrowaveOptions with_points(std::uint32_t points) {
    sim::v1::MicrowaveOptions options;
    options.set_points(points);
    return options;
}

/// Gives an option a number, or the text if it is one.
void set(sim::v1::MicrowaveOptions& options, const FieldDescriptor& field,
         const std::string& text) {
    const auto* reflection = options.GetReflection();
    switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_DOUBLE:
        return reflection->SetDouble(&options, &field, std::stod(text));
    case FieldDescriptor::CPPTYPE_UINT32:
        return reflection->SetUInt32(&options, &field,
                                     static_cast<std::uint32_t>(std::stoul(text)));
    case FieldDescriptor::CPPTYPE_STRING:
        return reflection->SetString(&options, &field, text);
    default:
        FAIL("no option has this type yet: " << field.full_name());
    }
}

/// A valid value that is not the default.
std::string other_value(const FieldDescriptor& field) {
    const v1::FieldRule& rule = field.options().GetExtension(v1::rule);
    if (rule.one_of_size() > 0) {
        return rule.one_of(1);
    }
    const double value = std::stod(rule.default_());
    return field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32
               ? std::to_string(std::lround(value) - 1)
               : std::to_string(0.95 * value);
}

std::string refusal(const sim::v1::MicrowaveOptions& options) {
    try {
        static_cast<void>(sim::microwave_parameters(options));
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::invalid_argument);
        return error.violations().at(0).field;
    }
    return "";
}

} // namespace

TEST_CASE("the defaults that microwave.proto states are those of the physics") {
    const auto* descriptor = sim::v1::MicrowaveOptions::descriptor();
    const physics::MicrowaveParameters defaults;
    REQUIRE(sim::microwave_parameters({}) == defaults);
    for (int i = 0; i < descriptor->field_count(); ++i) {
        const FieldDescriptor& field = *descriptor->field(i);
        CAPTURE(field.name());
        sim::v1::MicrowaveOptions options;
        set(options, field, field.options().GetExtension(v1::rule).default_());
        REQUIRE(sim::microwave_parameters(options) == defaults);
        set(options, field, other_value(field));
        REQUIRE_FALSE(sim::microwave_parameters(options) == defaults);
    }
}

TEST_CASE("a microwave option that cannot be is refused by name") {
    sim::v1::MicrowaveOptions options;
    options.set_response("phase");
    REQUIRE_THROWS_WITH(sim::microwave_parameters(options),
                        "response: 'phase'; valid are 'abs', 'abs2', 'complex'");
    options.clear_response();
    options.set_atoms(70);
    REQUIRE_THROWS_WITH(sim::microwave_parameters(options),
                        "atoms: 70 at a spacing of 0.4; there is room for 62 on a perimeter of 25");
    options.clear_atoms();
    options.set_wall_loss(-1);
    REQUIRE(refusal(options) == "wall_loss");
    options.clear_wall_loss();
    options.set_resonance_on(1.5);
    REQUIRE(refusal(options) == "resonance_on");
    options.clear_resonance_on();
    options.set_highest_frequency(0.5);
    REQUIRE(refusal(options) == "highest_frequency");
}

TEST_CASE("the microwave rig says what its channels are") {
    Workers workers(1);
    const auto rig = microwave_rig(with_points(5), workers);
    const LayerSpec& spec = rig->spec();
    REQUIRE(spec.n_in() == 40);
    REQUIRE(spec.n_out() == 5);
    REQUIRE(spec.inputs[1].name == "resonance of meta-atom 2");
    REQUIRE(spec.inputs[1].unit == "f0");
    REQUIRE(spec.inputs[1].at_zero == 1.5);
    REQUIRE(spec.inputs[1].at_one == 1.3);
    REQUIRE(spec.inputs[1].levels == 2);
    REQUIRE(spec.stimulus_storage.kind == StorageFormat::Kind::bits);
    REQUIRE(spec.response_storage.kind == StorageFormat::Kind::float32);
    REQUIRE(spec.outputs[1].name == "abs(S21) at 0.95000 f0");
    REQUIRE(spec.outputs[1].unit == "1");
    REQUIRE(spec.outputs[1].minimum == 0.0);
    REQUIRE(spec.outputs[1].maximum == Approx(1.0).margin(0.002));
    REQUIRE(spec.seconds_per_sample == Approx(0.01 + 5 * 1.2e-4));
    REQUIRE_FALSE(spec.can_follow);
}

TEST_CASE("a complex response has two outputs per frequency, of either sign") {
    Workers workers(1);
    sim::v1::MicrowaveOptions options = with_points(3);
    options.set_response("complex");
    const auto rig = microwave_rig(options, workers);
    const LayerSpec& spec = rig->spec();
    REQUIRE(spec.n_out() == 6);
    REQUIRE(spec.outputs[2].name == "Re(S21) at 1.00000 f0");
    REQUIRE(spec.outputs[3].name == "Im(S21) at 1.00000 f0");
    REQUIRE(spec.outputs[3].minimum == -spec.outputs[3].maximum);
    const OwnedBlock y = answer(*rig, uniform_stimuli(spec, 8));
    REQUIRE(std::ranges::any_of(y.view().values(), [](float value) { return value < 0; }));
    options.set_response("abs2");
    REQUIRE(microwave_rig(options, workers)->spec().outputs[0].name == "abs(S21)^2 at 0.90000 f0");
}

TEST_CASE("the microwave rig's seed is its nominal device") {
    Workers workers(2);
    const sim::v1::MicrowaveOptions options = with_points(3);
    const auto one = microwave_rig(options, workers, 1);
    const auto two = microwave_rig(options, workers, 2);
    const OwnedBlock x = uniform_stimuli(one->spec(), 3);
    const OwnedBlock y = answer(*one, x);
    REQUIRE(same_bits(y.view(), answer(*microwave_rig(options, workers, 1), x).view()));
    REQUIRE_FALSE(same_bits(y.view(), answer(*two, x).view()));
}

TEST_CASE("perturbing the microwave rig moves it by as much as was asked, and it stays passive",
          "[long]") {
    const double f = GENERATE(0.05, 0.2, 0.5);
    const std::uint64_t seed = GENERATE(1U, 2U);
    Workers workers(2);
    const auto rig = microwave_rig(with_points(20), workers, seed);
    const sim::Probe probe(*rig);
    const sim::Perturbation found = sim::find_perturbation(*rig, probe, f, seed);
    CAPTURE(f, seed, found.amount, found.shift.mean);
    REQUIRE(found.shift.correlation == Approx(1 - f).margin(0.02));
    REQUIRE(found.amount > 0.004);
    REQUIRE(found.amount < 0.2);
    REQUIRE(found.shift.mean > 0.0);

    sim::Disturbance moved(microwave_rig(with_points(20), workers, seed), f, 0.0, seed);
    REQUIRE(moved.perturbation().amount == found.amount);
    const OwnedBlock y = answer(moved, uniform_stimuli(moved.spec(), 200, 5));
    for (const float value : y.view().values()) {
        REQUIRE(std::isfinite(value));
        REQUIRE(value >= 0.0F);
        REQUIRE(value <= 1.0F);
    }
}

TEST_CASE("the microwave rig is nominal again when nothing displaces it any more") {
    Workers workers(1);
    const auto rig = microwave_rig(with_points(4), workers);
    const OwnedBlock x = uniform_stimuli(rig->spec(), 5);
    const OwnedBlock nominal = answer(*rig, x);
    std::vector<double> offsets(rig->parameters(), 0.05);
    rig->displace(offsets);
    REQUIRE_FALSE(same_bits(nominal.view(), answer(*rig, x).view()));
    std::ranges::fill(offsets, 0.0);
    rig->displace(offsets);
    REQUIRE(same_bits(nominal.view(), answer(*rig, x).view()));
    REQUIRE_THROWS_WITH(rig->displace(std::vector<double>(3)),
                        "offsets: 3 numbers; the cavity has 20");
}
