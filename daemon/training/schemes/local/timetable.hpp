#pragma once

#include "daemon/training/schemes/local/settings.hpp"

#include <cstddef>
#include <cstdint>

namespace phyll::training {

enum class Phase {
    fit,       ///< measure the first training samples, fit the layer's response scale
    train,     ///< learn from one batch
    propagate, ///< compute the next layer's inputs (greedy)
    evaluate,  ///< judge one chunk of the training or test split with the finished network
};

/// What one step does, and to what.
struct Task {
    Phase phase = Phase::fit;
    std::size_t layer = 0;
    std::size_t epoch = 0; ///< of training; 0 in other phases
    std::size_t part = 0;  ///< batch (train) or chunk of samples (propagate, evaluate)
    bool last_part = true;
    bool on_test = false; ///< evaluate: the test split, else the training split
};

/// The order of steps.
///
/// greedy: for each layer one fit, the batches of every epoch, and, if another layer follows, the
/// chunks of the training split to propagate.
/// simultaneous: the fit of each layer in turn, then for every epoch and batch one step per layer.
/// Both end with the evaluation of the training split and of the test split: chunk after chunk,
/// each through all layers.
class Timetable {
  public:
    struct Parts {
        std::size_t batches = 0;         ///< per epoch
        std::size_t training_chunks = 0; ///< of the training split
        std::size_t test_chunks = 0;
    };

    Timetable(Schedule schedule, std::size_t layers, std::size_t epochs, const Parts& parts);

    [[nodiscard]] std::uint64_t steps() const noexcept;
    [[nodiscard]] Task at(std::uint64_t step) const;

    /// Whether the stimuli of step + 1 are known before `step` is learned: those of the first layer
    /// always are, as its encoding is fitted before anything is measured; those of a deeper one
    /// only while greedy training leaves its inputs alone.
    [[nodiscard]] bool next_is_independent(std::uint64_t step) const;

  private:
    [[nodiscard]] std::uint64_t training_steps() const noexcept;
    [[nodiscard]] Task greedy_task(std::uint64_t step) const;
    [[nodiscard]] Task simultaneous_task(std::uint64_t step) const;
    [[nodiscard]] Task evaluation_task(std::uint64_t step) const;
    [[nodiscard]] Task batch_task(std::size_t layer, std::uint64_t batch) const;

    Schedule schedule_;
    std::size_t layers_;
    std::size_t epochs_;
    Parts parts_;
};

} // namespace phyll::training
