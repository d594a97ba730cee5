#include "daemon/training/trained_network.hpp"

#include "drivers/core/error.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace phyll::training {
namespace {

/// The columns of these groups of `width` columns each.
OwnedBlock groups_of(ConstBlock columns, std::span<const std::size_t> groups, std::size_t width) {
    OwnedBlock kept(columns.channels(), groups.size() * width);
    for (std::size_t i = 0; i < groups.size(); ++i) {
        std::ranges::copy(columns.slice(groups[i] * width, width).values(),
                          kept.view().slice(i * width, width).data());
    }
    return kept;
}

} // namespace

void Flow::keep(std::span<const std::size_t> samples, std::size_t showings) {
    inputs = groups_of(std::as_const(inputs).view(), samples, showings);
    scores = groups_of(std::as_const(scores).view(), samples, 1);
    if (seen.samples() > 0) {
        seen = groups_of(std::as_const(seen).view(), samples, 1);
    }
}

FeatureScaling read_scaling(const ArrayReader& network) {
    FeatureScaling scaling{.mean = network.read_vector("features/mean"),
                           .deviation = {},
                           .minimum = {},
                           .maximum = {}};
    const std::size_t features = scaling.mean.size();
    const auto read = [&](const char* name, std::vector<float>& into) {
        into.resize(features);
        network.read(name, into);
    };
    read("features/deviation", scaling.deviation);
    read("features/minimum", scaling.minimum);
    read("features/maximum", scaling.maximum);
    return scaling;
}

StandIn::StandIn(const TrainedJob& job) : spec(job.spec) {
    spec.clear_evaluation();
    spec.clear_perturb();
    const std::size_t features = ArrayReader(job.network).read_vector("features/mean").size();
    data.class_names.resize(job.classes);
    data.inputs = Samples(OwnedBlock(features, 2));
    data.labels = {0, 0};
    const std::size_t entries = job.spec.data().label_entries();
    data.label_entries = entries == 0 ? job.classes : entries;
    split = {.training = {0, 1}, .test = {0}};
}

} // namespace phyll::training
