#include "daemon/runs/job.hpp"

#include "daemon/rig/evidence.hpp"
#include "daemon/runs/controls.hpp"
#include "daemon/training/schemes/registry.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace phyll::runs {

std::set<std::string> rigs_of(const v1::RunSpec& spec) {
    std::set<std::string> rigs;
    for (const v1::LayerConfig& layer : spec.layers()) {
        if (layer.physics()) {
            rigs.insert(layer.rig());
        }
    }
    return rigs;
}

std::uint32_t repeats_of(const v1::RunSpec& spec) {
    return std::max(1U, spec.training().repeats());
}

namespace {

const LayerSpec& rig_of_layer(const FindRig& find, const std::string& name,
                              const std::string& field) {
    try {
        return find(name);
    } catch (const Error& error) {
        throw Error(error.code(), fmt::format("{}: {}", field, error.what()),
                    {{field, error.what()}});
    }
}

} // namespace

std::unique_ptr<training::Scheme> make_scheme(const v1::RunSpec& spec, const Job& job,
                                              const Shapes& shapes) {
    const training::SchemeKind& kind = training::scheme_kind(spec.scheme().kind());
    const std::unique_ptr<google::protobuf::Message> options = kind.new_options();
    if (!spec.scheme().options().UnpackTo(options.get())) {
        throw invalid_field("scheme.options", fmt::format("not those of the scheme '{}', a {}",
                                                          kind.name, options->GetTypeName()));
    }
    return kind.make(
        {spec, *options, job.data.data, job.data.split, shapes, job.workers, job.bytes});
}

namespace {

/// Only a simulation can be displaced at will.
void check_perturb(const v1::RunSpec& spec, const FindRig& rig) {
    const std::set<std::string> used = rigs_of(spec);
    for (int i = 0; i < spec.perturb_size(); ++i) {
        const std::string field = fmt::format("perturb[{}].rig", i);
        const std::string& name = spec.perturb(i).rig();
        if (!used.contains(name)) {
            throw invalid_field(field, fmt::format("{}; no layer of the run uses it, they use {}",
                                                   in_quotes(name), fmt::join(used, ", ")));
        }
        if (rig(name).evidence != Evidence::simulation) {
            throw invalid_field(
                field, fmt::format("{} is no simulation: it cannot be displaced", in_quotes(name)));
        }
    }
}

} // namespace

Job prepare(const v1::RunSpec& spec, const FindRig& rig, const FileReader& read,
            const JobSite& site) {
    Job job;
    job.workers = site.workers;
    job.bytes = site.bytes;
    for (const v1::LayerConfig& layer : spec.layers()) {
        job.rigs.push_back(layer.physics() ? layer.rig() : std::string());
        if (layer.physics()) {
            training::RigShape shape = training::shape_of(
                rig_of_layer(rig, layer.rig(), fmt::format("layers[{}].rig", job.shapes.size())));
            if (repeats_of(spec) > 1) {
                shape.response_storage = {}; // a mean does not lie on an instrument's steps
            }
            job.shapes.emplace_back(shape);
        } else {
            job.shapes.emplace_back(std::nullopt);
        }
    }
    check_perturb(spec, rig);
    if (spec.training().reuse_from() != 0 && repeats_of(spec) > 1) {
        throw invalid_field("training.reuse_from",
                            "another run's measurements are single ones: with training.repeats "
                            "above 1 nothing can be reused");
    }
    const std::string& reuse = spec.training().reuse();
    job.reuse = reuse == "run" || (reuse == "auto" && spec.training().schedule() == "greedy");
    job.data = training::load_data(spec.data(), spec.seed(), read);
    job.scheme = make_scheme(spec, job, job.shapes);
    return job;
}

namespace {

/// What a scheme asks for, as often as the run measures it.
std::vector<training::LayerOutlook> asked_for(const v1::RunSpec& spec,
                                              const training::Scheme& scheme) {
    std::vector<training::LayerOutlook> layers = scheme.outlook();
    for (training::LayerOutlook& layer : layers) {
        layer.training_queries *= repeats_of(spec);
        layer.evaluation_queries *= repeats_of(spec);
    }
    return layers;
}

/// What the control "physics only" costs beyond the run: with reuse, the first layer's stimuli are
/// those that the run measures anyhow.
v1::ControlPlan outlook_of(const v1::RunSpec& spec, const Job& job, const FindRig& find) {
    v1::ControlPlan plan;
    plan.set_kind("physics_only");
    const std::vector<training::LayerOutlook> layers =
        asked_for(spec, *make_scheme(spec, job, job.shapes));
    for (std::size_t l = 0; l < layers.size(); ++l) {
        if (job.rigs[l].empty() || (l == 0 && job.reuse)) {
            continue;
        }
        plan.set_training_queries(plan.training_queries() + layers[l].training_queries);
        plan.set_evaluation_queries(plan.evaluation_queries() + layers[l].evaluation_queries);
        plan.set_hardware_seconds(
            plan.hardware_seconds() +
            static_cast<double>(layers[l].training_queries + layers[l].evaluation_queries) *
                find(job.rigs[l]).seconds_per_sample);
    }
    plan.set_asked_for(spec.controls().physics_only());
    return plan;
}

} // namespace

v1::CheckReply outlook(const v1::RunSpec& spec, const Job& job, const FindRig& find) {
    v1::CheckReply reply;
    *reply.mutable_spec() = spec;
    reply.set_classes(static_cast<std::uint32_t>(job.data.data.classes()));
    reply.set_features(static_cast<std::uint32_t>(job.data.data.features()));
    reply.set_training_samples(static_cast<std::uint32_t>(job.data.split.training.size()));
    reply.set_shown_as(static_cast<std::uint32_t>(job.data.split.shown_as));
    reply.set_test_samples(static_cast<std::uint32_t>(job.data.split.test.size()));
    const std::vector<training::LayerOutlook> layers = asked_for(spec, *job.scheme);
    for (std::size_t l = 0; l < layers.size(); ++l) {
        const training::LayerOutlook& layer = layers[l];
        v1::LayerPlan& plan = *reply.add_layers();
        plan.set_layer(static_cast<std::uint32_t>(l + 1));
        plan.set_inputs(static_cast<std::uint32_t>(layer.inputs));
        plan.set_features(static_cast<std::uint32_t>(layer.features));
        plan.set_width(spec.layers(static_cast<int>(l)).width());
        plan.set_training_queries(layer.training_queries);
        plan.set_evaluation_queries(layer.evaluation_queries);
        reply.set_training_queries(reply.training_queries() + layer.training_queries);
        reply.set_evaluation_queries(reply.evaluation_queries() + layer.evaluation_queries);
        if (job.rigs[l].empty()) {
            continue;
        }
        const LayerSpec& shape = find(job.rigs[l]);
        plan.set_rig(job.rigs[l]);
        plan.set_kind(shape.kind);
        plan.set_hardware_seconds(
            static_cast<double>(layer.training_queries + layer.evaluation_queries) *
            shape.seconds_per_sample);
        reply.set_hardware_seconds(reply.hardware_seconds() + plan.hardware_seconds());
        reply.set_evidence(rig::weaker(reply.evidence(), rig::to_wire(shape.evidence)));
    }
    if (const std::optional<v1::RunSpec> control = physics_only(spec)) {
        *reply.add_controls() = outlook_of(*control, job, find);
    }
    return reply;
}

} // namespace phyll::runs
