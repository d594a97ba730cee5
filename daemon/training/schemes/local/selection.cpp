#include "daemon/training/schemes/local/selection.hpp"

#include "drivers/core/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace phyll::training {
namespace {

constexpr std::size_t most_samples_to_fit = 1000;
/// Samples are propagated and evaluated in chunks of about so many columns.
constexpr std::size_t columns_per_chunk = 2048;

std::size_t divide_up(std::size_t a, std::size_t b) {
    return (a + b - 1) / b;
}

/// The numbers [part * size, (part + 1) * size), as far as they are below `end`.
std::vector<std::uint32_t> range(std::size_t part, std::size_t size, std::size_t end) {
    const std::size_t first = part * size;
    std::vector<std::uint32_t> numbers(std::min(first + size, end) - first);
    std::iota(numbers.begin(), numbers.end(), static_cast<std::uint32_t>(first));
    return numbers;
}

/// A label other than `own`, in proportion to exp(sharpness goodness), where `at` in [0, 1) falls.
std::uint32_t draw_wrong(std::span<const float> goodness, std::uint32_t own, double sharpness,
                         double at) {
    const auto weight = [&](std::uint32_t label) {
        // Goodness is at most 1, so that nothing overflows.
        return label == own ? 0.0
                            : std::exp(sharpness * (static_cast<double>(goodness[label]) - 1.0));
    };
    double total = 0.0;
    for (std::uint32_t label = 0; label < goodness.size(); ++label) {
        total += weight(label);
    }
    double left = at * total;
    std::uint32_t drawn = own;
    for (std::uint32_t label = 0; label < goodness.size(); ++label) {
        if (label == own) {
            continue;
        }
        drawn = label;
        left -= weight(label);
        if (left < 0.0) {
            break;
        }
    }
    return drawn;
}

} // namespace

Selection::Selection(const LocalSettings& settings, std::size_t classes,
                     std::vector<std::uint32_t> training_labels,
                     std::vector<std::uint32_t> test_labels)
    : seed_(settings.seed),
      schedule_(settings.schedule),
      batch_(settings.batch),
      classes_(classes),
      showings_(settings.labelling == Labelling::overlay ? classes : 1),
      training_labels_(std::move(training_labels)),
      test_labels_(std::move(test_labels)) {
    for (const LayerSettings& layer : settings.layers) {
        const bool for_nothing =
            schedule_ == Schedule::greedy && (settings.reuse || !layer.physics);
        shows_all_labels_.push_back(showings_ == 1 || settings.all_labels || for_nothing);
    }
}

std::size_t Selection::batches() const {
    return divide_up(training_labels_.size(), batch_);
}

Timetable::Parts Selection::parts() const {
    return {.batches = batches(),
            .training_chunks = divide_up(training_labels_.size(), chunk_samples()),
            .test_chunks = divide_up(test_labels_.size(), chunk_samples())};
}

std::size_t Selection::samples_to_fit() const {
    return std::min(training_labels_.size(), most_samples_to_fit);
}

std::size_t Selection::chunk_samples() const {
    return std::max<std::size_t>(1, columns_per_chunk / showings_);
}

std::size_t Selection::draws_of(std::size_t layer) const {
    // Simultaneous: one batch flows through all layers.
    return schedule_ == Schedule::greedy ? layer : 0;
}

std::vector<std::uint32_t> Selection::batch(const Task& task) const {
    std::vector<std::uint32_t> order = range(0, training_labels_.size(), training_labels_.size());
    if (batch_ == order.size()) {
        return order;
    }
    const KeyedRandom random(seed_, fmt::format("batches {}", draws_of(task.layer)));
    random.shuffle(order, task.epoch);
    const auto first = order.begin() + static_cast<std::ptrdiff_t>(task.part * batch_);
    return {first, first + static_cast<std::ptrdiff_t>(batch_size(task))};
}

std::size_t Selection::batch_size(const Task& task) const {
    return std::min(batch_, training_labels_.size() - task.part * batch_);
}

std::vector<Column> Selection::pairs(const Task& task) const {
    const std::vector<std::uint32_t> samples = batch(task);
    std::vector<Column> pairs;
    pairs.reserve(2 * samples.size());
    for (const std::uint32_t sample : samples) {
        pairs.push_back({sample, training_labels_[sample]});
    }
    const KeyedRandom random(seed_, fmt::format("negatives {}", draws_of(task.layer)));
    for (const std::uint32_t sample : samples) {
        const auto drawn =
            static_cast<std::uint32_t>(random.below(classes_ - 1, task.epoch, sample));
        const std::uint32_t skip_own = drawn >= training_labels_[sample] ? 1 : 0;
        pairs.push_back({sample, drawn + skip_own});
    }
    return pairs;
}

std::vector<Column> Selection::hard_pairs(const Task& task, std::span<const float> goodness,
                                          double sharpness) const {
    const std::vector<std::uint32_t> samples = batch(task);
    const KeyedRandom random(seed_, fmt::format("hard negatives {}", draws_of(task.layer)));
    std::vector<Column> pairs;
    pairs.reserve(2 * samples.size());
    for (const std::uint32_t sample : samples) {
        pairs.push_back({sample, training_labels_[sample]});
    }
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const std::uint32_t sample = samples[i];
        pairs.push_back(
            {sample, draw_wrong(goodness.subspan(i * classes_, classes_), training_labels_[sample],
                                sharpness, random.uniform(task.epoch, sample))});
    }
    return pairs;
}

std::vector<Column> Selection::to_be_judged(std::span<const std::uint32_t> samples) const {
    std::vector<Column> columns;
    columns.reserve(samples.size() * showings_);
    for (const std::uint32_t sample : samples) {
        for (std::uint32_t label = 0; label < showings_; ++label) {
            columns.push_back({sample, showings_ == 1 ? Origin::no_label : label});
        }
    }
    return columns;
}

std::vector<Column> Selection::with_own_labels(std::size_t samples) const {
    std::vector<Column> columns;
    columns.reserve(samples);
    for (std::uint32_t sample = 0; sample < samples; ++sample) {
        columns.push_back({sample, showings_ == 1 ? Origin::no_label : training_labels_[sample]});
    }
    return columns;
}

std::vector<Column> Selection::columns(const Task& task) const {
    switch (task.phase) {
    case Phase::fit:
        return with_own_labels(samples_to_fit());
    case Phase::train:
        return shows_all_labels(task.layer) ? to_be_judged(batch(task)) : pairs(task);
    default:
        return to_be_judged(range(task.part, chunk_samples(), labels(task).size()));
    }
}

std::vector<std::uint32_t> Selection::samples(std::span<const Column> columns) const {
    std::vector<std::uint32_t> samples;
    samples.reserve(columns.size() / showings_);
    for (std::size_t first = 0; first < columns.size(); first += showings_) {
        samples.push_back(columns[first].sample);
    }
    return samples;
}

std::size_t Selection::count_hits(const Task& task, std::span<const Column> columns,
                                  std::span<const float> goodness) const {
    std::size_t hits = 0;
    for (std::size_t i = 0; i < columns.size() / showings_; ++i) {
        const auto candidates = goodness.subspan(i * classes_, classes_);
        const auto best = std::max_element(candidates.begin(), candidates.end());
        const auto label = static_cast<std::size_t>(best - candidates.begin());
        hits += label == labels(task)[columns[i * showings_].sample] ? 1 : 0;
    }
    return hits;
}

} // namespace phyll::training
