#include "daemon/training/schemes/prototypes/prototypes_scheme.hpp"

#include <algorithm>
#include <iterator>

namespace phyll::training {
LocalSettings PrototypesScheme::settings_of(const SchemeJob& job,
                                            const v1::PrototypesOptions& options) {
    LocalSettings settings = read_settings(job, LocalOptions::of(options), Labelling::none);
    settings.directions = job.data.classes();
    return settings;
}

PrototypesScheme::PrototypesScheme(const SchemeJob& job, const v1::PrototypesOptions& options)
    : LocalScheme(job, settings_of(job, options)) {}

LocalOutcome PrototypesScheme::learn_batch(LocalLayer& layer, const Task& task, ConstBlock features,
                                           const LearningSteps& how) {
    std::vector<std::uint32_t> labels;
    std::ranges::transform(selection().batch(task), std::back_inserter(labels),
                           [&](std::uint32_t sample) { return selection().labels(task)[sample]; });
    return layer.learn(features, layer.class_loss(settings().theta, labels), how);
}

} // namespace phyll::training
