#pragma once

#include "daemon/training/schemes/local/settings.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace phyll::training {

enum class Phase {
    fit,       ///< measure the first training samples, fit the layer's response scale
    train,     ///< learn from one batch
    validate,  ///< judge one chunk of the validation split with the network as it is
    propagate, ///< compute the next layer's inputs (greedy)
    evaluate,  ///< judge one chunk of the training or test split with the finished network
};

/// What one step does, and to what.
struct Task {
    Phase phase = Phase::fit;
    std::size_t layer = 0;
    std::size_t epoch = 0; ///< of training and validation; 0 in other phases
    std::size_t part = 0;  ///< batch (train) or chunk of samples (validate, propagate, evaluate)
    bool last_part = true;
    bool on_test = false;    ///< evaluate: the test split, else the training split
    bool at_start = false;   ///< validate: before the epoch's training, else after it
    std::size_t deepest = 0; ///< validate, evaluate: the last layer that the samples go through

    /// Whether samples flow through the layers to be judged.
    [[nodiscard]] bool judges() const noexcept {
        return phase == Phase::validate || phase == Phase::evaluate;
    }
};

/// The order of steps.
///
/// greedy: for each layer one fit, its epochs, and, if another layer follows, the chunks of the
/// training split to propagate.
/// simultaneous: the fit of each layer in turn, then the epochs of all layers.
/// An epoch is its batches and, where the network is validated, the chunks of the validation split,
/// each through all layers so far, before or after them.
/// Both end with the evaluation of the training split and of the test split: chunk after chunk,
/// each through all layers.
///
/// simultaneous: a layer takes a batch after the layer before took it, with one step of another
/// batch in between wherever there is one: so its stimuli are known a step before they are learned
/// from, and can be measured meanwhile. What is learned does not depend on it.
class Timetable {
  public:
    struct Parts {
        std::size_t batches = 0;         ///< per epoch
        std::size_t training_chunks = 0; ///< of the training split, to be propagated
        std::size_t judged_chunks = 0;   ///< of the training split, to be judged in the end
        std::size_t test_chunks = 0;
        std::size_t validation_chunks = 0; ///< of the validation split
    };

    Timetable(Schedule schedule, std::size_t layers, std::size_t epochs, const Parts& parts,
              const Validation& validation = {});

    [[nodiscard]] std::uint64_t steps() const noexcept;
    [[nodiscard]] Task at(std::uint64_t step) const;

    /// Whether the stimuli of step + 1 are known before `step` is learned: those of the first layer
    /// are, as its encoding is fitted before anything is measured; those of a deeper one while
    /// greedy training leaves its inputs alone, and otherwise unless `step` computes them. Not
    /// where `step` may end the training.
    [[nodiscard]] bool next_is_independent(std::uint64_t step) const;
    /// Whether no step of the layer's training (greedy), or of any layer's, follows.
    [[nodiscard]] bool ends_training(std::uint64_t step) const;
    /// Whether the validation split is judged after the epoch of a training task.
    [[nodiscard]] bool validates_after(const Task& task) const;
    /// How often the layer is asked about the whole validation split.
    [[nodiscard]] std::uint64_t validations(std::size_t layer) const noexcept;

  private:
    /// The epochs of layers that learn together.
    struct Course {
        std::size_t trained = 0; ///< so many layers
        std::size_t depth = 0;   ///< those of the network so far
        /// The step at which each epoch begins, counted from the course's first; then their number.
        std::vector<std::uint64_t> begins{};
        std::vector<bool> validated_first{}; ///< of each epoch
        std::vector<bool> validated_after{};

        [[nodiscard]] std::uint64_t steps() const noexcept { return begins.back(); }
    };

    [[nodiscard]] bool greedy() const noexcept { return schedule_ == Schedule::greedy; }
    [[nodiscard]] Course course(std::size_t index, std::size_t epochs,
                                const Validation& validation) const;
    [[nodiscard]] std::uint64_t training_steps() const noexcept;
    [[nodiscard]] Task greedy_task(std::uint64_t step) const;
    [[nodiscard]] Task course_task(std::size_t index, std::uint64_t step) const;
    [[nodiscard]] Task batch_task(const Course& course, std::size_t first_layer, std::size_t epoch,
                                  std::uint64_t step) const;
    [[nodiscard]] Task evaluation_task(std::uint64_t step) const;

    Schedule schedule_;
    std::size_t layers_;
    Parts parts_;
    bool may_stop_;
    std::vector<Course> courses_; ///< greedy: of each layer; simultaneous: one
};

} // namespace phyll::training
