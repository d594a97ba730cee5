#include "daemon/runs/serving/infer.hpp"

#include "daemon/rig/evidence.hpp"
#include "daemon/runs/measuring/measurer.hpp"
#include "daemon/training/inference.hpp"
#include "drivers/core/error.hpp"

#include <utility>

namespace phyll::runs {
namespace {

/// The answers of the layer's rig; nothing of one without physics.
OwnedBlock answers(const ServedNetwork& served, const training::Plan& plan, Measurer& measurer,
                   v1::LayerCost& cost, const std::stop_token& stop) {
    if (stop.stop_requested()) {
        throw Error(Code::cancelled, "the inference was stopped");
    }
    if (plan.stimuli.samples() == 0) {
        return {};
    }
    cost.set_layer(static_cast<std::uint32_t>(plan.layer + 1));
    return measurer.answer(served.rigs[plan.layer],
                           {.purpose = plan.purpose, .stimuli = plan.stimuli.view()}, cost, stop);
}

} // namespace

Inferred infer(const ServedNetwork& served, const InferOrder& order,
               const std::map<std::string, HeldRig>& rigs, const std::stop_token& stop) {
    training::Inference inference(*served.network, order.inputs, order.early_exit);
    Measurer measurer(
        {.seed = order.key, .repeats = served.repeats, .query_batch = served.query_batch});
    Inferred out;
    for (const auto& [name, rig] : rigs) {
        measurer.add_rig(name, *rig.layer, rig.age);
        out.reply.set_evidence(
            rig::weaker(out.reply.evidence(), rig::to_wire(rig.layer->spec().evidence)));
    }
    v1::LayerCost cost;
    while (!inference.over()) {
        const training::Plan plan = inference.plan();
        out.reply.set_clipped(out.reply.clipped() + plan.clipped);
        out.reply.set_encoded(out.reply.encoded() + plan.encoded);
        const OwnedBlock responses = answers(served, plan, measurer, cost, stop);
        inference.take(plan, responses.view());
    }
    for (const std::uint32_t label : inference.labels()) {
        out.reply.add_labels(label);
    }
    out.reply.set_key(order.key);
    out.reply.set_queries(cost.evaluation_queries());
    out.reply.set_saved_queries(inference.saved() * served.repeats);
    out.reply.set_hardware_seconds(cost.hardware_seconds());
    out.reply.set_clamped(inference.clamped());
    out.scores = inference.scores();
    return out;
}

} // namespace phyll::runs
