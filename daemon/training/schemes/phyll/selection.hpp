#pragma once

#include "daemon/training/schemes/phyll/network.hpp"
#include "daemon/training/schemes/phyll/settings.hpp"
#include "daemon/training/schemes/phyll/timetable.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace phyll::training {

/// Which samples a task works on, and under which labels: a function of the seed and the task, so
/// that nothing about it has to be stored.
class Selection {
  public:
    /// The labels are those of the training and of the test split, in the splits' order.
    Selection(const PhyllSettings& settings, std::size_t classes,
              std::vector<std::uint32_t> training_labels, std::vector<std::uint32_t> test_labels);

    [[nodiscard]] std::size_t classes() const noexcept { return classes_; }
    [[nodiscard]] std::size_t batches() const;
    [[nodiscard]] Timetable::Parts parts() const;
    [[nodiscard]] const std::vector<std::uint32_t>& training_labels() const noexcept {
        return training_labels_;
    }
    /// Of the split that the task is about.
    [[nodiscard]] const std::vector<std::uint32_t>& labels(const Task& task) const noexcept {
        return task.on_test ? test_labels_ : training_labels_;
    }
    /// How many of the training samples scales, and encodings that move, are fitted on.
    [[nodiscard]] std::size_t samples_to_fit() const;
    /// Whether training a layer looks at its samples under all labels, since that costs no more
    /// than the pairs alone.
    [[nodiscard]] bool shows_all_labels(std::size_t layer) const {
        return shows_all_labels_.at(layer);
    }
    /// The first `samples` training samples, each with its own label.
    [[nodiscard]] std::vector<Column> with_own_labels(std::size_t samples) const;

    /// Everything that the task looks at. Where that is all labels, sample after sample, each
    /// under all labels in order; else, in training, the pairs.
    [[nodiscard]] std::vector<Column> columns(const Task& task) const;
    /// What a training task learns from: its samples with their own labels, then, in the same
    /// order, with wrong ones, uniform over those there are and drawn anew in every epoch.
    [[nodiscard]] std::vector<Column> pairs(const Task& task) const;
    /// Number of samples of the task's batch.
    [[nodiscard]] std::size_t batch_size(const Task& task) const;
    /// The samples of columns that show each under all labels.
    [[nodiscard]] std::vector<std::uint32_t> samples(std::span<const Column> columns) const;
    /// Where (sample, label) stands in a table of all training samples under all labels.
    [[nodiscard]] std::size_t place(const Column& column) const {
        return column.sample * classes_ + column.label;
    }

    /// Samples whose own label has the most goodness; on a tie the first label counts. The columns
    /// are whole samples under all labels, the goodness is that of the columns.
    [[nodiscard]] std::size_t count_hits(const Task& task, std::span<const Column> columns,
                                         std::span<const float> goodness) const;

  private:
    [[nodiscard]] std::vector<std::uint32_t> batch(const Task& task) const;
    [[nodiscard]] std::size_t chunk_samples() const;
    [[nodiscard]] std::vector<Column>
    under_all_labels(std::span<const std::uint32_t> samples) const;
    [[nodiscard]] std::size_t draws_of(std::size_t layer) const;

    std::uint64_t seed_;
    Schedule schedule_;
    std::size_t batch_;
    std::vector<bool> shows_all_labels_; ///< per layer
    std::size_t classes_;
    std::vector<std::uint32_t> training_labels_;
    std::vector<std::uint32_t> test_labels_;
};

} // namespace phyll::training
