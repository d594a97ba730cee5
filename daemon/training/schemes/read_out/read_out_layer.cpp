#include "daemon/training/schemes/read_out/read_out_layer.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <utility>

namespace phyll::training {
namespace {

const phyll::v1::LayerConfig& only_layer(const SchemeJob& job) {
    if (job.spec.layers_size() != 1 || job.rigs.size() != 1) {
        throw invalid_field("layers",
                            fmt::format("{} layers; a read-out reads one", job.spec.layers_size()));
    }
    return job.spec.layers(0);
}

/// The layer's rig; empty without physics.
RigShape only_rig(const SchemeJob& job) {
    if (!only_layer(job).physics()) {
        return {};
    }
    const std::optional<RigShape>& rig = job.rigs[0];
    if (!rig) {
        throw invalid_field("layers[0].rig", "missing; a layer with physics needs a rig");
    }
    return *rig;
}

/// The layer's encoding, where it has physics.
EncodingSettings encoding_of(const SchemeJob& job) {
    const phyll::v1::LayerConfig& layer = only_layer(job);
    if (!layer.physics()) {
        return {};
    }
    const EncodingSettings settings = read_encoding("layers[0].encoding", layer.encoding());
    check_encoding(settings, "layers[0]", job.data.features(),
                   fmt::format("{} features", job.data.features()), only_rig(job), layer.rig());
    return settings;
}

InputOrders orders_of(const SchemeJob& job) {
    const phyll::v1::LayerConfig& layer = only_layer(job);
    if (!layer.physics()) {
        return {};
    }
    const RigShape rig = only_rig(job);
    return {read_permutations("layers[0].permutations", layer, rig), rig.inputs, job.spec.seed(),
            0};
}

} // namespace

ReadOutLayer::ReadOutLayer(const SchemeJob& job)
    : rig_(only_rig(job)),
      inputs_(job.data.features()),
      physics_(job.spec.layers(0).physics()),
      skip_(physics_ && job.spec.layers(0).skip()),
      orders_(orders_of(job)),
      encoder_(encoding_of(job), inputs_, 0, rig_) {}

void ReadOutLayer::fit(const SampleRows& scores) {
    if (physics_) {
        encoder_.fit(scores);
    }
}

OwnedBlock ReadOutLayer::stimuli(ConstBlock scores, std::uint64_t& clipped) const {
    OwnedBlock plain(rig_.inputs, scores.samples());
    clipped += encoder_.encode(scores, plain.view());
    return orders_.expand(std::move(plain));
}

SampleRows ReadOutLayer::features(const SampleRows& scores, const SampleRows& answers) const {
    return {features(), scores.samples,
            [this, scores, answers](std::size_t i, std::span<float> into) {
                if (physics_) {
                    answers.read(i, into.first(outputs()));
                }
                if (!physics_ || skip_) {
                    scores.read(i, into.last(scores.channels));
                }
            }};
}

void ReadOutLayer::save(std::vector<NamedArray>& arrays) const {
    if (physics_) {
        arrays.push_back(named_vector("layer1/encoding_offset", encoder_.offset()));
        arrays.push_back(named_vector("layer1/encoding_scale", encoder_.scale()));
    }
}

void ReadOutLayer::restore(const ArrayReader& arrays) {
    if (physics_) {
        arrays.read("layer1/encoding_offset", encoder_.offset());
        arrays.read("layer1/encoding_scale", encoder_.scale());
    }
}

} // namespace phyll::training
