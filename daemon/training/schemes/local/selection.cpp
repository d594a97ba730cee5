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

Selection::Selection(const LocalSettings& settings, std::size_t classes, Labels labels)
    : seed_(settings.seed),
      schedule_(settings.schedule),
      batch_(settings.batch),
      classes_(classes),
      showings_(settings.labelling == Labelling::overlay ? classes : 1),
      copies_(settings.labelling == Labelling::copies && settings.epochs > 0 ? settings.copies : 0),
      judged_samples_(settings.judged_samples),
      labels_(std::move(labels)) {
    for (const LayerSettings& layer : settings.layers) {
        const bool for_nothing =
            schedule_ == Schedule::greedy && (settings.reuse || !layer.physics);
        shows_all_labels_.push_back(copies_ == 0 &&
                                    (showings_ == 1 || settings.all_labels || for_nothing));
    }
}

std::size_t Selection::batches() const {
    return divide_up(labels_.training.size(), batch_);
}

Timetable::Parts Selection::parts() const {
    return {.batches = batches(),
            .training_chunks = divide_up(labels_.training.size(), propagated_chunk_samples()),
            .judged_chunks = divide_up(judged_samples_, chunk_samples()),
            .test_chunks = divide_up(labels_.test.size(), chunk_samples()),
            .validation_chunks = divide_up(labels_.validation.size(), chunk_samples())};
}

std::size_t Selection::samples_to_fit() const {
    return std::min(labels_.training.size(), most_samples_to_fit);
}

std::size_t Selection::chunk_samples() const {
    return std::max<std::size_t>(1, columns_per_chunk / showings_);
}

std::size_t Selection::propagated_chunk_samples() const {
    return std::max<std::size_t>(1, columns_per_chunk / propagated_showings());
}

std::size_t Selection::draws_of(std::size_t layer) const {
    // Simultaneous: one batch flows through all layers.
    return schedule_ == Schedule::greedy ? layer : 0;
}

std::vector<std::uint32_t> Selection::batch(const Task& task) const {
    std::vector<std::uint32_t> order = range(0, labels_.training.size(), labels_.training.size());
    if (batch_ == order.size()) {
        return order;
    }
    const KeyedRandom random(seed_, fmt::format("batches {}", draws_of(task.layer)));
    random.shuffle(order, task.epoch);
    const auto first = order.begin() + static_cast<std::ptrdiff_t>(task.part * batch_);
    return {first, first + static_cast<std::ptrdiff_t>(batch_size(task))};
}

std::size_t Selection::batch_size(const Task& task) const {
    return std::min(batch_, labels_.training.size() - task.part * batch_);
}

std::vector<Column> Selection::pairs(const Task& task) const {
    const std::vector<std::uint32_t> samples = batch(task);
    std::vector<Column> pairs;
    pairs.reserve(2 * samples.size());
    for (const std::uint32_t sample : samples) {
        pairs.push_back({sample, labels_.training[sample]});
    }
    const KeyedRandom random(seed_, fmt::format("negatives {}", draws_of(task.layer)));
    for (const std::uint32_t sample : samples) {
        const auto drawn =
            static_cast<std::uint32_t>(random.below(classes_ - 1, task.epoch, sample));
        const std::uint32_t skip_own = drawn >= labels_.training[sample] ? 1 : 0;
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
        pairs.push_back({sample, labels_.training[sample]});
    }
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const std::uint32_t sample = samples[i];
        pairs.push_back(
            {sample, draw_wrong(goodness.subspan(i * classes_, classes_), labels_.training[sample],
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

std::vector<Column> Selection::to_be_propagated(const Task& task) const {
    const std::vector<std::uint32_t> samples =
        range(task.part, propagated_chunk_samples(), labels_.training.size());
    if (copies_ == 0) {
        return to_be_judged(samples);
    }
    std::vector<Column> columns;
    columns.reserve(samples.size() * propagated_showings());
    for (const std::uint32_t sample : samples) {
        columns.push_back({sample, Origin::no_label});
        for (std::uint32_t copy = 0; copy < copies_; ++copy) {
            columns.push_back({sample, copy});
        }
    }
    return columns;
}

std::vector<Column> Selection::copied(const Task& task) const {
    const std::vector<std::uint32_t> samples = batch(task);
    const KeyedRandom random(seed_, fmt::format("copies {}", draws_of(task.layer)));
    std::vector<Column> columns(2 * samples.size());
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const std::size_t drawn = random.below(copies_ * (copies_ - 1), task.epoch, samples[i]);
        const std::size_t one = drawn / (copies_ - 1);
        const std::size_t other = (one + 1 + drawn % (copies_ - 1)) % copies_;
        columns[i] = {samples[i], static_cast<std::uint32_t>(one)};
        columns[samples.size() + i] = {samples[i], static_cast<std::uint32_t>(other)};
    }
    return columns;
}

std::vector<Column> Selection::with_own_labels(std::size_t samples) const {
    std::vector<Column> columns;
    columns.reserve(samples);
    for (std::uint32_t sample = 0; sample < samples; ++sample) {
        columns.push_back({sample, showings_ == 1 ? Origin::no_label : labels_.training[sample]});
    }
    return columns;
}

std::vector<Column> Selection::columns(const Task& task) const {
    switch (task.phase) {
    case Phase::fit:
        return with_own_labels(samples_to_fit());
    case Phase::train:
        return copies_ > 0                    ? copied(task)
               : shows_all_labels(task.layer) ? to_be_judged(batch(task))
                                              : pairs(task);
    case Phase::propagate:
        return to_be_propagated(task);
    default:
        return to_be_judged(range(task.part, chunk_samples(), judged(task)));
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
