#pragma once

#include "daemon/training/named_arrays.hpp"
#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace phyll::training {

/// Samples on their way from one layer to the next.
struct InFlight {
    std::size_t part = 0;    ///< the batch or chunk that they are
    OwnedBlock inputs;       ///< of the next layer
    std::vector<float> said; ///< of them by the layers so far, where they are judged
};

/// How the judgements on the validation split go, of layers that are trained together.
struct ValidationProgress {
    float hits_before = -1.0F; ///< at the begin of the present epoch; negative: not judged
    float best_hits = -1.0F;   ///< negative: none yet
    float since_best = 0.0F;   ///< judgements without a gain
    bool stopped = false;      ///< training has ended before its last epoch
    /// The network at the best judgement, where training may end by it.
    std::vector<NamedArray> best{};
};

/// What training and evaluation carry from step to step beside the network. Only numbers that
/// float32 holds exactly, so that what is stored is all there is.
struct Progress {
    std::uint64_t next_step = 0;

    /// Greedy: the inputs of the layer in training (none for the first), and those of the next as
    /// they are computed; a column for each way in which each training sample is shown.
    OwnedBlock inputs;
    OwnedBlock next_inputs;
    /// Greedy: goodness summed over the layers before, for the same columns.
    std::vector<float> prior_goodness;

    /// What comes to each layer from the one before in simultaneous training, validation and
    /// evaluation, first come first; at most two.
    std::vector<std::vector<InFlight>> flow;

    /// Simultaneous: inputs of each layer in this epoch, collected for the next fit of its encoder.
    std::vector<OwnedBlock> collected;

    /// Of each batch of the epoch so far.
    std::vector<float> batch_loss;
    std::vector<float> batch_pair_hits;
    std::vector<float> batch_label_hits;

    ValidationProgress validation;

    void save(std::vector<NamedArray>& arrays) const;
    /// `network` is what a network of this job stores.
    void restore(const ArrayReader& arrays, const std::vector<NamedArray>& network);
};

} // namespace phyll::training
