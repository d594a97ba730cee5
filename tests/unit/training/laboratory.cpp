#include "tests/unit/training/laboratory.hpp"

#include "daemon/training/data/vowels.hpp"
#include "daemon/training/schemes/read_out/read_out.pb.h"
#include "daemon/training/schemes/registry.hpp"
#include "drivers/core/random.hpp"

#include <algorithm>
#include <cmath>

namespace phyll::training::test {
namespace {

constexpr std::size_t rig_inputs = 24;
constexpr std::size_t rig_outputs = 20;

std::string bytes(std::span<const float> values) {
    return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

} // namespace

SineRig::SineRig(std::size_t inputs, std::size_t outputs, double steepness)
    : mixing_(inputs, outputs) {
    const KeyedRandom random(1, "sine rig");
    for (std::size_t j = 0; j < outputs; ++j) {
        for (std::size_t k = 0; k < inputs; ++k) {
            mixing_.sample(j)[k] = static_cast<float>(steepness * random.normal(j, k));
        }
    }
}

OwnedBlock SineRig::respond(ConstBlock stimuli) const {
    OwnedBlock responses(mixing_.samples(), stimuli.samples());
    for (std::size_t i = 0; i < stimuli.samples(); ++i) {
        for (std::size_t j = 0; j < mixing_.samples(); ++j) {
            float sum = 0.0F;
            for (std::size_t k = 0; k < mixing_.channels(); ++k) {
                sum += mixing_.sample(j)[k] * stimuli.sample(i)[k];
            }
            responses.sample(i)[j] = std::sin(sum);
        }
    }
    return responses;
}

phyll::v1::RunSpec complete_spec(std::size_t layers) {
    phyll::v1::RunSpec spec;
    spec.set_seed(1);
    for (std::size_t l = 0; l < layers; ++l) {
        phyll::v1::LayerConfig& layer = *spec.add_layers();
        layer.set_rig("sine");
        layer.set_width(20);
        layer.mutable_encoding()->set_kind("standard");
        layer.set_skip(false);
        layer.set_physics(true);
        layer.set_permutations(1);
    }
    phyll::v1::TrainingSpec& training = *spec.mutable_training();
    training.set_schedule("greedy");
    training.set_epochs(200);
    training.set_batch(0);
    training.set_inner_steps(10);
    training.set_learning_rate(0.002);
    training.set_learning_rate_schedule("cosine");
    training.set_reuse("auto");
    training.set_query_batch(0);
    return spec;
}

v1::PhyllOptions complete_options() {
    v1::PhyllOptions options;
    options.set_theta(4.0);
    options.set_activation("abs");
    options.set_label_level(1.0);
    options.set_response_scale("per_output");
    options.set_adam_beta1(0.9);
    options.set_adam_beta2(0.999);
    options.set_adam_epsilon(1e-8);
    options.set_negatives("uniform");
    return options;
}

v1::PrototypesOptions complete_prototypes() {
    v1::PrototypesOptions options;
    options.set_theta(10.0);
    options.set_activation("abs");
    options.set_response_scale("per_output");
    options.set_adam_beta1(0.9);
    options.set_adam_beta2(0.999);
    options.set_adam_epsilon(1e-8);
    return options;
}

v1::InfonceOptions complete_infonce() {
    v1::InfonceOptions options;
    options.set_tau(0.1);
    options.set_copies(3);
    options.set_read_out("ridge");
    options.set_activation("abs");
    options.set_response_scale("per_output");
    options.set_adam_beta1(0.9);
    options.set_adam_beta2(0.999);
    options.set_adam_epsilon(1e-8);
    return options;
}

namespace {

std::vector<std::optional<RigShape>> rigs_for(const phyll::v1::RunSpec& spec,
                                              const RigShape& shape = {rig_inputs, rig_outputs}) {
    std::vector<std::optional<RigShape>> rigs;
    for (const phyll::v1::LayerConfig& layer : spec.layers()) {
        rigs.push_back(layer.physics() ? std::optional(shape) : std::nullopt);
    }
    return rigs;
}

} // namespace

std::unique_ptr<Scheme> make_scheme(const phyll::v1::RunSpec& spec, const SplitData& data,
                                    const v1::PhyllOptions& options) {
    return scheme_kind("phyll").make({spec, options, data.data, data.split, rigs_for(spec)});
}

std::unique_ptr<Scheme> make_scheme(const phyll::v1::RunSpec& spec, const SplitData& data) {
    return make_scheme(spec, data, complete_options());
}

std::unique_ptr<Scheme> make_local(const std::string& kind, const phyll::v1::RunSpec& spec,
                                   const SplitData& data) {
    if (kind == "prototypes") {
        const v1::PrototypesOptions options = complete_prototypes();
        return scheme_kind(kind).make({spec, options, data.data, data.split, rigs_for(spec)});
    }
    if (kind == "infonce") {
        const v1::InfonceOptions options = complete_infonce();
        return scheme_kind(kind).make({spec, options, data.data, data.split, rigs_for(spec)});
    }
    v1::PhyllOptions options = complete_options();
    options.set_negatives(kind == "phyll, hard" ? "hard" : "uniform");
    return make_scheme(spec, data, options);
}

std::unique_ptr<Scheme> make_read_out(const phyll::v1::RunSpec& spec, const SplitData& data) {
    const std::string kind = spec.scheme().kind() == "softmax" ? "softmax" : "ridge";
    return scheme_kind(kind).make(
        {spec, v1::ReadOutOptions(), data.data, data.split, rigs_for(spec)});
}

std::unique_ptr<Scheme> make_scheme_on(const RigShape& shape, const phyll::v1::RunSpec& spec,
                                       const SplitData& data) {
    const bool phyll = spec.scheme().kind() == "phyll";
    const v1::PhyllOptions phyll_options = complete_options();
    const v1::ReadOutOptions read_out_options;
    const google::protobuf::Message& options =
        phyll ? static_cast<const google::protobuf::Message&>(phyll_options) : read_out_options;
    return scheme_kind(spec.scheme().kind())
        .make({spec, options, data.data, data.split, rigs_for(spec, shape)});
}

std::unique_ptr<TrainedNetwork> restore_network(const std::string& kind,
                                                const phyll::v1::RunSpec& spec, std::size_t classes,
                                                std::span<const NamedArray> network) {
    const v1::PhyllOptions phyll = complete_options();
    const v1::PrototypesOptions prototypes = complete_prototypes();
    const v1::InfonceOptions infonce = complete_infonce();
    const v1::ReadOutOptions read_out;
    const google::protobuf::Message* options = &read_out;
    if (kind == "phyll") {
        options = &phyll;
    } else if (kind == "prototypes") {
        options = &prototypes;
    } else if (kind == "infonce") {
        options = &infonce;
    }
    return scheme_kind(kind).restore({spec, *options, classes, rigs_for(spec), network});
}

SineRig small_rig() {
    return {rig_inputs, rig_outputs};
}

std::uint64_t Record::all_training_queries() const {
    std::uint64_t sum = 0;
    for (const auto& [layer, queries] : training_queries) {
        sum += queries;
    }
    return sum;
}

Runner::Runner(const Settings& settings) : settings_(settings), rig_(rig_inputs, rig_outputs) {}

OwnedBlock Runner::measure(const Plan& plan, ConstBlock stimuli) {
    auto& count =
        plan.purpose == Purpose::training ? record_.training_queries : record_.evaluation_queries;
    count[plan.layer] += stimuli.samples();
    return rig_.respond(stimuli);
}

OwnedBlock Runner::answer(const Plan& plan) {
    const ConstBlock stimuli = plan.stimuli.view();
    OwnedBlock responses(rig_outputs, stimuli.samples());
    const std::size_t largest = settings_.remember ? 1 : settings_.query_batch;
    for (std::size_t first = 0; first < stimuli.samples(); first += largest) {
        const std::size_t count = std::min(largest, stimuli.samples() - first);
        const ConstBlock asked = stimuli.slice(first, count);
        const std::span<float> place = responses.view().slice(first, count).values();
        if (!settings_.remember) {
            std::ranges::copy(measure(plan, asked).view().values(), place.begin());
            continue;
        }
        std::vector<float>& known = memory_[{plan.layer, bytes(asked.values())}];
        if (known.empty()) {
            const OwnedBlock measured = measure(plan, asked);
            known.assign(measured.sample(0).begin(), measured.sample(0).end());
        }
        std::ranges::copy(known, place.begin());
    }
    return responses;
}

void Runner::run(Scheme& scheme, std::uint64_t first, std::uint64_t last) {
    std::optional<Plan> next;
    for (std::uint64_t step = first; step < last; ++step) {
        const Plan plan = next ? std::move(*next) : scheme.plan(step);
        next.reset();
        if (settings_.plan_ahead && step + 1 < last && scheme.may_plan_ahead(step)) {
            next = scheme.plan(step + 1);
        }
        const StepReport report = scheme.learn(step, plan, answer(plan).view());
        record_.train_accuracy =
            report.train_accuracy ? report.train_accuracy : record_.train_accuracy;
        record_.test_accuracy = report.test_accuracy ? report.test_accuracy : record_.test_accuracy;
        record_.reports.push_back(report);
    }
}

Record Runner::run(Scheme& scheme) {
    run(scheme, 0, scheme.steps());
    return record_;
}

phyll::v1::RunSpec small_spec() {
    phyll::v1::RunSpec spec = complete_spec(2);
    for (phyll::v1::LayerConfig& layer : *spec.mutable_layers()) {
        layer.set_width(8);
    }
    spec.mutable_training()->set_epochs(6);
    spec.mutable_training()->set_inner_steps(3);
    return spec;
}

SplitData small_vowels() {
    return synthetic_vowels(3, 70, 70);
}

void hold_out(Split& split, std::size_t samples) {
    const auto first = split.training.end() - static_cast<std::ptrdiff_t>(samples);
    split.validation.assign(first, split.training.end());
    split.training.erase(first, split.training.end());
}

} // namespace phyll::training::test
