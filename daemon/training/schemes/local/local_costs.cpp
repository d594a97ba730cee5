// What a LocalScheme costs: queries at most, and arithmetic.
#include "daemon/training/schemes/local/local_scheme.hpp"

#include "daemon/training/operations.hpp"

#include <algorithm>

namespace phyll::training {

std::vector<LayerOutlook> LocalScheme::outlook() const {
    std::vector<LayerOutlook> layers;
    layers.reserve(network_.depth());
    for (std::size_t l = 0; l < network_.depth(); ++l) {
        layers.push_back(outlook(l));
    }
    return layers;
}

LayerOutlook LocalScheme::outlook(std::size_t layer) const {
    const LayerSettings& settings = settings_.layers[layer];
    LayerOutlook outlook{.inputs = settings.inputs, .features = settings.features()};
    if (!settings.physics) {
        return outlook;
    }
    const std::uint64_t samples = training_scores_.samples();
    const std::uint64_t propagated = samples * selection_.propagated_showings();
    const std::uint64_t once = validation_scores_.samples() * selection_.showings();
    const std::uint64_t validations = timetable_.validations(layer);
    const std::uint64_t learned = samples * selection_.training_showings(layer) * settings_.epochs;
    const bool propagates = greedy() && !is_last(layer);
    outlook.training_queries =
        selection_.samples_to_fit() + learned + (propagates ? propagated : 0);
    const std::uint64_t judged_in_the_end = settings_.judged_samples * selection_.showings();
    outlook.evaluation_queries =
        judged_in_the_end + validations * once + test_scores_.samples() * selection_.showings();
    if (settings_.reuse && (greedy() || layer == 0)) {
        // The first layer's stimuli never change, nor, greedy, those of a layer that is trained.
        outlook.evaluation_queries -= validations > 0 ? (validations - 1) * once : 0;
        outlook.training_queries = std::min(outlook.training_queries, propagated);
    }
    const bool learns_from_them = settings_.labelling != Labelling::copies;
    if (settings_.reuse && greedy() && (learns_from_them || propagates)) {
        // Training measures all there is; the training split is then evaluated from memory.
        outlook.evaluation_queries -= judged_in_the_end;
    }
    outlook.training_queries *= settings.permutations;
    outlook.evaluation_queries *= settings.permutations;
    return outlook;
}

double LocalScheme::operations(const Work& work) const {
    const Task& task = work.task;
    const std::size_t features = settings_.layers[task.layer].features();
    const std::size_t width = settings_.layers[task.layer].width;
    const std::size_t columns = work.columns.size();
    const double mapping =
        !greedy() && !is_last(task.layer) ? affine_operations(features, width, columns) : 0.0;
    if (task.phase == Phase::fit) {
        return mapping;
    }
    const double judging = judging_operations(features, width, columns, settings_.directions);
    if (task.phase != Phase::train) {
        return judging;
    }
    const std::size_t showings = settings_.labelling == Labelling::none ? 1 : 2;
    const double comparing = settings_.labelling == Labelling::copies
                                 ? static_cast<double>(settings_.inner_steps) *
                                       contrast_operations(width, selection_.batch_size(task))
                                 : 0.0;
    return comparing +
           local_learning_operations(features, width, showings * selection_.batch_size(task),
                                     settings_.inner_steps, settings_.directions) +
           (settings_.all_labels ? judging : 0.0) + // to draw wrong labels
           (selection_.shows_all_labels(task.layer) ? judging : mapping);
}

} // namespace phyll::training
