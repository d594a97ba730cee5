#include "daemon/training/schemes/local/trained_local.hpp"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

namespace phyll::training {

TrainedLocal::TrainedLocal(const LocalSettings& settings, std::size_t classes,
                           const ArrayReader& network)
    : overlays_(settings.labelling == Labelling::overlay),
      classes_(classes),
      network_(settings, read_scaling(network)) {
    network_.restore(network);
}

std::size_t TrainedLocal::stimuli_of(std::size_t layer) const {
    const LayerSettings& settings = network_.layer(layer).settings();
    return settings.physics ? settings.permutations : 0;
}

Flow TrainedLocal::begin(const Scores& samples, std::size_t first, std::size_t count) const {
    std::vector<Column> columns;
    columns.reserve(count * showings());
    for (std::size_t sample = first; sample < first + count; ++sample) {
        for (std::size_t label = 0; label < showings(); ++label) {
            columns.push_back({static_cast<std::uint32_t>(sample),
                               overlays_ ? static_cast<std::uint32_t>(label) : Origin::no_label});
        }
    }
    return {.inputs = network_.inputs(samples, columns), .scores = OwnedBlock(classes_, count)};
}

void TrainedLocal::pass(std::size_t layer, Flow& flow, ConstBlock responses) const {
    const NetworkLayer& passed = network_.layer(layer);
    OwnedBlock z =
        passed.local().map(passed.features(std::as_const(flow.inputs).view(), responses).view());
    say(layer, std::as_const(z).view(), flow);
    flow.inputs = std::move(z);
}

void TrainedLocal::say(std::size_t layer, ConstBlock z, Flow& flow) const {
    // One for each class, sample after sample, whether a sample is shown under labels or not.
    const std::vector<float> goodness = network_.layer(layer).local().goodness(z);
    const std::span<float> scores = flow.scores.view().values();
    std::ranges::transform(goodness, scores, scores.begin(), std::plus<>());
}

} // namespace phyll::training
