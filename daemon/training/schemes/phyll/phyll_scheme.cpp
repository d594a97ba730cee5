#include "daemon/training/schemes/phyll/phyll_scheme.hpp"

#include "daemon/training/choices.hpp"

#include <algorithm>

namespace phyll::training {
namespace {

/// How much more often a wrong label is drawn that has more goodness.
constexpr double negative_sharpness = 8.0;

bool draws_hard(const v1::PhyllOptions& options) {
    static constexpr Choices<bool, 2> choices{{{"uniform", false}, {"hard", true}}};
    return choose("scheme.options.negatives", options.negatives(), choices);
}

} // namespace

LocalSettings PhyllScheme::settings_of(const SchemeJob& job, const v1::PhyllOptions& options) {
    LocalSettings settings = read_settings(job, LocalOptions::of(options), Labelling::overlay);
    settings.label_level = static_cast<float>(
        require_positive("scheme.options.label_level", options.label_level(), 1.0));
    settings.all_labels = draws_hard(options);
    return settings;
}

PhyllScheme::PhyllScheme(const SchemeJob& job, const v1::PhyllOptions& options)
    : LocalScheme(job, settings_of(job, options)), hard_(draws_hard(options)) {}

LocalOutcome PhyllScheme::learn_batch(LocalLayer& layer, const Task& task, ConstBlock features,
                                      const LearningSteps& how) {
    const LocalLoss loss = layer.pair_loss(settings().theta);
    if (!selection().shows_all_labels(task.layer)) {
        return layer.learn(features, loss, how); // the columns are the pairs
    }
    const std::vector<Column> chosen = pairs(layer, task, features);
    const std::size_t count = chosen.size() / 2;
    OwnedBlock picked(features.channels(), chosen.size());
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        // Sample i of the batch has the columns i * classes and following.
        const std::size_t source = i % count * selection().classes() + chosen[i].label;
        std::ranges::copy(features.sample(source), picked.sample(i).begin());
    }
    return layer.learn(picked.view(), loss, how);
}

std::vector<Column> PhyllScheme::pairs(const LocalLayer& layer, const Task& task,
                                       ConstBlock features) const {
    if (!hard_) {
        return selection().pairs(task);
    }
    const std::vector<float> goodness = layer.goodness(layer.map(features).view());
    return selection().hard_pairs(task, goodness, negative_sharpness);
}

void PhyllScheme::add_facts(std::vector<float>& facts) const {
    facts.push_back(hard_ ? 1.0F : 0.0F);
}

} // namespace phyll::training
