#pragma once

#include "daemon/training/data/transformations.hpp"
#include "daemon/training/read_out.hpp"
#include "daemon/training/schemes/infonce/infonce.pb.h"
#include "daemon/training/schemes/local/local_scheme.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace phyll::training {

/// Unsupervised physical local learning: a local, symmetric InfoNCE in every layer (see
/// contrast.hpp), then a linear read-out. Not the scheme of Momeni et al., whose recipe for
/// learning without labels is not public.
///
/// Of each training sample there are a few transformed copies (see `Transformations`), the same in
/// every epoch, so that with reuse each is measured once. An epoch compares two of them, drawn
/// anew. Samples are judged by a read-out of the unit activities of all layers, one after the
/// other, that is fitted to the first `labels` training samples, as they are, in the evaluation of
/// the training split; its training accuracy is over those. Nothing else looks at a label.
class InfonceScheme final : public LocalScheme {
  public:
    /// Throws INVALID_ARGUMENT naming the field of the run spec that is wrong.
    InfonceScheme(const SchemeJob& job, const v1::InfonceOptions& options);

    /// What the layers are made by. Throws as the constructor does.
    [[nodiscard]] static LocalSettings settings_of(const SchemeJob& job,
                                                   const v1::InfonceOptions& options);

    [[nodiscard]] std::optional<std::size_t> labelled() const override { return labelled_; }

  private:
    LocalOutcome learn_batch(LocalLayer& layer, const Task& task, ConstBlock features,
                             const LearningSteps& how) override;
    void add_facts(std::vector<float>& facts) const override;
    [[nodiscard]] OwnedBlock first_inputs(const Scores& scores,
                                          std::span<const Column> columns) const override;
    [[nodiscard]] std::vector<float> say(const LocalLayer& layer, ConstBlock z,
                                         std::span<const float> before) const override;
    double judge(const Task& task, std::span<const std::uint32_t> samples,
                 std::span<const float> said) override;
    void save_more(std::vector<NamedArray>& network) const override;
    void save_progress(std::vector<NamedArray>& state) const override;
    void restore_more(const ArrayReader& arrays) override;

    /// Numbers that the read-out sees of a sample.
    [[nodiscard]] std::size_t seen() const noexcept { return read_out_.weights.channels(); }
    double fit();
    void count(const Task& task, std::span<const std::uint32_t> samples, ConstBlock features);

    double tau_;
    std::size_t copies_;
    TransformationSettings transformations_;
    std::size_t labelled_;
    ReadOutSettings settings_of_read_out_;
    std::optional<Scores> copied_; ///< sample after sample, all copies of each
    ReadOut read_out_;
    OwnedBlock features_; ///< of labelled samples, as they are collected; none at other times
};

} // namespace phyll::training
