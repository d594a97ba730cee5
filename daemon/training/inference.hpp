#pragma once

#include "daemon/training/scheme.hpp"
#include "daemon/training/trained_network.hpp"
#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace phyll::training {

/// Throws INVALID_ARGUMENT, naming `inputs`, unless these are samples that the network can be asked
/// about: as many features as it has, all of them finite.
void check_inputs(const TrainedNetwork& network, ConstBlock inputs);
/// Throws INVALID_ARGUMENT, naming `early_exit`, unless the network's samples may leave before its
/// last layer by that margin.
void check_early_exit(const TrainedNetwork& network, double margin);

/// Takes samples through a trained network, as a stepper like Scheme: it says which stimuli it
/// wants next and goes on with the answers. It queries nothing itself. Samples go some at a time
/// from the first layer to the last, then the next ones; those of a step are asked in one plan,
/// each under all its labels.
///
/// With a margin, a sample whose best class leads the second by so much after a layer leaves: its
/// scores are those of the layers so far. Others stay, and their scores are the same bits as
/// without.
///
/// Thread rule: one caller at a time.
class Inference {
  public:
    /// `network` outlives this; `inputs` is features x samples, at least one, of raw features, and
    /// is copied. Throws as `check_inputs` and `check_early_exit` do.
    Inference(const TrainedNetwork& network, ConstBlock inputs,
              std::optional<double> early_exit = std::nullopt);

    [[nodiscard]] bool over() const noexcept { return first_ == samples_.samples(); }
    /// What the next step needs, until it is over; no stimuli where its layer has no physics.
    [[nodiscard]] Plan plan() const;
    /// Takes the step that `planned` was made for; `responses` are `n_out x samples` of its
    /// stimuli. Throws INVALID_ARGUMENT when they are not as many.
    void take(const Plan& planned, ConstBlock responses);

    /// The score of every class, classes x samples; once it is over.
    [[nodiscard]] const OwnedBlock& scores() const noexcept { return scores_; }
    /// The class with the largest score, the first of several, of each sample.
    [[nodiscard]] std::vector<std::uint32_t> labels() const;
    /// Stimuli that were not asked since samples left early.
    [[nodiscard]] std::uint64_t saved() const noexcept { return saved_; }
    /// Features that were beyond the training split's range.
    [[nodiscard]] std::uint64_t clamped() const noexcept { return clamped_; }

  private:
    void begin();
    void end_chunk();
    void let_go();
    void store(std::size_t place);

    const TrainedNetwork& network_;
    std::optional<double> early_exit_;
    Scores samples_;
    OwnedBlock scores_;
    std::uint64_t saved_ = 0;
    std::uint64_t clamped_ = 0;

    std::size_t first_ = 0; ///< sample of the chunk that is on its way
    std::size_t count_ = 0; ///< of its samples
    std::size_t layer_ = 0; ///< that comes next
    Flow flow_;
    std::vector<std::size_t> on_way_; ///< samples, in the order of the flow
};

} // namespace phyll::training
