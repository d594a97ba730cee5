#pragma once

#include "daemon/training/schemes/local/local_scheme.hpp"
#include "daemon/training/schemes/phyll/phyll.pb.h"

namespace phyll::training {

/// Supervised physical local learning (Momeni, Rahmani, Mallejac, del Hougne, Fleury,
/// "Backpropagation-free training of deep physical neural networks", Science 382:1297, 2023).
///
/// The label is written into the input of the first layer. Each layer learns by itself to have more
/// goodness for a sample with its own label than with a wrong one, drawn anew in every epoch;
/// inference takes the label with the largest sum of goodness over the layers.
///
/// Wrong labels are drawn uniformly, or (hard) in proportion to exp(8 goodness) of the layer as it
/// is before the batch, for which training asks for all labels.
///
/// Greedy with reuse, every batch asks for its samples under all labels: after the first epoch that
/// costs nothing and tells the accuracy.
class PhyllScheme final : public LocalScheme {
  public:
    /// Throws INVALID_ARGUMENT naming the field of the run spec that is wrong.
    PhyllScheme(const SchemeJob& job, const v1::PhyllOptions& options);

    /// What the layers are made by. Throws as the constructor does.
    [[nodiscard]] static LocalSettings settings_of(const SchemeJob& job,
                                                   const v1::PhyllOptions& options);

  private:
    LocalOutcome learn_batch(LocalLayer& layer, const Task& task, ConstBlock features,
                             const LearningSteps& how) override;
    void add_facts(std::vector<float>& facts) const override;
    [[nodiscard]] std::vector<Column> pairs(const LocalLayer& layer, const Task& task,
                                            ConstBlock features) const;

    bool hard_;
};

} // namespace phyll::training
