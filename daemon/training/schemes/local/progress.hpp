#pragma once

#include "daemon/training/named_arrays.hpp"
#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace phyll::training {

/// What training and evaluation carry from step to step beside the network. Only numbers that
/// float32 holds exactly, so that what is stored is all there is.
struct Progress {
    std::uint64_t next_step = 0;

    /// Greedy: the inputs of the layer in training (none for the first), and those of the next as
    /// they are computed; column sample * classes + label, over the training split.
    OwnedBlock inputs;
    OwnedBlock next_inputs;
    /// Greedy: goodness summed over the layers before, for the same columns.
    std::vector<float> prior_goodness;

    /// Inputs of the next step's layer, where they come from the step before: simultaneous training
    /// and evaluation.
    OwnedBlock flow;
    /// Goodness of those columns, summed over the layers so far.
    std::vector<float> flow_goodness;

    /// Simultaneous: inputs of each layer in this epoch, collected for the next fit of its encoder.
    std::vector<OwnedBlock> collected;

    /// Of each batch of the epoch so far.
    std::vector<float> batch_loss;
    std::vector<float> batch_pair_hits;
    std::vector<float> batch_label_hits;

    void save(std::vector<NamedArray>& arrays) const;
    void restore(const ArrayReader& arrays);
};

} // namespace phyll::training
