#pragma once

#include "daemon/training/schemes/local/local_scheme.hpp"
#include "daemon/training/schemes/prototypes/prototypes.pb.h"

namespace phyll::training {

/// Physical local learning with class prototypes (as in FFzero, arXiv 2603.24790: a cosine soft-max
/// with fixed classes). Not the scheme of Momeni et al.
///
/// No label is written into the input: every layer has a fixed random unit vector for each class,
/// and learns by itself to point a sample's activity along that of its own. So a sample costs one
/// query for each layer, to learn from and to be judged, and what the first layer is asked about
/// never changes. Inference takes the class with the largest sum of goodness over the layers.
class PrototypesScheme final : public LocalScheme {
  public:
    /// Throws INVALID_ARGUMENT naming the field of the run spec that is wrong.
    PrototypesScheme(const SchemeJob& job, const v1::PrototypesOptions& options);

    /// What the layers are made by. Throws as the constructor does.
    [[nodiscard]] static LocalSettings settings_of(const SchemeJob& job,
                                                   const v1::PrototypesOptions& options);

  private:
    LocalOutcome learn_batch(LocalLayer& layer, const Task& task, ConstBlock features,
                             const LearningSteps& how) override;
    void add_facts(std::vector<float>&) const override {}
};

} // namespace phyll::training
