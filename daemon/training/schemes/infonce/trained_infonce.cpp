#include "daemon/training/schemes/infonce/trained_infonce.hpp"

#include "daemon/training/contrast.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace phyll::training {
namespace {

/// Of all layers.
std::size_t activities_of(const LocalSettings& settings) {
    std::size_t sum = 0;
    for (const LayerSettings& layer : settings.layers) {
        sum += layer.width;
    }
    return sum;
}

} // namespace

TrainedInfonce::TrainedInfonce(const LocalSettings& settings, std::size_t classes,
                               const ArrayReader& network)
    : TrainedLocal(settings, classes, network),
      read_out_{.weights = OwnedBlock(activities_of(settings), classes),
                .bias = std::vector<float>(classes)} {
    network.read("read_out/weights", read_out_.weights.view());
    network.read("read_out/bias", read_out_.bias);
}

void TrainedInfonce::say(std::size_t layer, ConstBlock z, Flow& flow) const {
    const OwnedBlock unit = unit_activity(network().layer(layer).local().activation(), z);
    const std::size_t before = flow.seen.channels();
    OwnedBlock seen(before + unit.channels(), z.samples());
    for (std::size_t i = 0; i < z.samples(); ++i) {
        if (before > 0) {
            std::ranges::copy(std::as_const(flow.seen).sample(i), seen.sample(i).begin());
        }
        std::ranges::copy(unit.sample(i), seen.sample(i).subspan(before).begin());
    }
    if (layer + 1 == layers()) {
        flow.scores = read_out_.scores(std::as_const(seen).view());
    }
    flow.seen = std::move(seen);
}

} // namespace phyll::training
