#pragma once

#include "daemon/training/schemes/local/network.hpp"
#include "daemon/training/schemes/local/settings.hpp"
#include "daemon/training/schemes/local/timetable.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace phyll::training {

/// Which samples a task works on, and under which labels or as which copies: a function of the seed
/// and the task, so that nothing about it has to be stored.
class Selection {
  public:
    /// The labels of each split, in its order.
    struct Labels {
        std::vector<std::uint32_t> training;
        std::vector<std::uint32_t> test;
        std::vector<std::uint32_t> validation{};
    };
    Selection(const LocalSettings& settings, std::size_t classes, Labels labels);

    [[nodiscard]] std::size_t classes() const noexcept { return classes_; }
    /// Columns that show a sample to be judged: one for every label, or one without a label.
    [[nodiscard]] std::size_t showings() const noexcept { return showings_; }
    /// Columns that show a sample to learn from.
    [[nodiscard]] std::size_t training_showings(std::size_t layer) const {
        return shows_all_labels(layer) ? showings_ : 2;
    }
    /// Columns that show a sample to the next layer: as it is judged, and its copies.
    [[nodiscard]] std::size_t propagated_showings() const noexcept { return showings_ + copies_; }
    [[nodiscard]] std::size_t batches() const;
    [[nodiscard]] Timetable::Parts parts() const;
    [[nodiscard]] const std::vector<std::uint32_t>& training_labels() const noexcept {
        return labels_.training;
    }
    /// Of the split that the task is about.
    [[nodiscard]] const std::vector<std::uint32_t>& labels(const Task& task) const noexcept {
        return task.phase == Phase::validate ? labels_.validation
               : task.on_test                ? labels_.test
                                             : labels_.training;
    }
    /// Samples that a task, or that and those with other parts, judges.
    [[nodiscard]] std::size_t judged(const Task& task) const noexcept {
        return task.phase == Phase::validate || task.on_test ? labels(task).size()
                                                             : judged_samples_;
    }
    /// How many of the training samples scales, and encodings that move, are fitted on.
    [[nodiscard]] std::size_t samples_to_fit() const;
    /// Whether training a layer looks at its samples as when they are judged, since that costs no
    /// more than the pairs alone, or is asked for.
    [[nodiscard]] bool shows_all_labels(std::size_t layer) const {
        return shows_all_labels_.at(layer);
    }
    /// The first `samples` training samples, each with its own label, or without one.
    [[nodiscard]] std::vector<Column> with_own_labels(std::size_t samples) const;

    /// Everything that the task looks at. Where samples are judged, sample after sample, each
    /// under all labels in order, or without one; else, in training, the pairs.
    [[nodiscard]] std::vector<Column> columns(const Task& task) const;
    /// The training samples of a task's batch.
    [[nodiscard]] std::vector<std::uint32_t> batch(const Task& task) const;
    /// Of labels that are shown, what a training task learns from: its samples with their own
    /// labels, then, in the same order, with wrong ones, uniform over those there are and drawn
    /// anew in every epoch.
    [[nodiscard]] std::vector<Column> pairs(const Task& task) const;
    /// Of samples that are copied, what a training task learns from: one copy of each, then, in the
    /// same order, another copy; which two is drawn anew in every epoch. A column's label is the
    /// copy's number.
    [[nodiscard]] std::vector<Column> copied(const Task& task) const;
    /// The same with wrong labels drawn in proportion to exp(sharpness goodness). `goodness` is
    /// that of the batch's samples under each label, sample after sample.
    [[nodiscard]] std::vector<Column> hard_pairs(const Task& task, std::span<const float> goodness,
                                                 double sharpness) const;
    /// Number of samples of the task's batch.
    [[nodiscard]] std::size_t batch_size(const Task& task) const;
    /// The samples of columns that show each to be judged.
    [[nodiscard]] std::vector<std::uint32_t> samples(std::span<const Column> columns) const;
    /// Where a column stands in a table of all training samples as they are propagated.
    [[nodiscard]] std::size_t place(const Column& column) const {
        const std::size_t first = column.sample * propagated_showings();
        if (copies_ > 0) {
            return column.label == Origin::no_label ? first : first + 1 + column.label;
        }
        return first + (showings_ == 1 ? 0 : column.label);
    }

    /// Where the `i`th goodness of columns that show whole training samples to be judged stands in
    /// a table of all training samples, each with every class.
    [[nodiscard]] std::size_t goodness_place(std::span<const Column> columns, std::size_t i) const {
        return columns[i / classes_ * showings_].sample * classes_ + i % classes_;
    }

    /// Samples whose own label has the most goodness; on a tie the first label counts. The columns
    /// show whole samples to be judged; of each the goodness for every class.
    [[nodiscard]] std::size_t count_hits(const Task& task, std::span<const Column> columns,
                                         std::span<const float> goodness) const;

  private:
    [[nodiscard]] std::size_t chunk_samples() const;
    [[nodiscard]] std::size_t propagated_chunk_samples() const;
    [[nodiscard]] std::vector<Column> to_be_judged(std::span<const std::uint32_t> samples) const;
    [[nodiscard]] std::vector<Column> to_be_propagated(const Task& task) const;
    [[nodiscard]] std::size_t draws_of(std::size_t layer) const;

    std::uint64_t seed_;
    Schedule schedule_;
    std::size_t batch_;
    std::vector<bool> shows_all_labels_; ///< per layer
    std::size_t classes_;
    std::size_t showings_;
    std::size_t copies_;
    std::size_t judged_samples_;
    Labels labels_;
};

} // namespace phyll::training
