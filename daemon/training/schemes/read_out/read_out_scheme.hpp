#pragma once

#include "daemon/training/feature_scaling.hpp"
#include "daemon/training/judgement.hpp"
#include "daemon/training/read_out.hpp"
#include "daemon/training/scheme.hpp"
#include "daemon/training/schemes/read_out/read_out.pb.h"
#include "daemon/training/schemes/read_out/read_out_layer.hpp"
#include "daemon/training/schemes/scheme_job.hpp"
#include "drivers/core/sample_store.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace phyll::training {

/// A linear read-out of one layer: each training sample is measured once, without a label, and a
/// linear classifier is fitted to the responses (and the layer's input, on the skip path; to the
/// input alone without physics). What is known as an extreme learning machine, or a reservoir
/// without memory. Width, epochs and learning rates mean nothing here.
class ReadOutScheme final : public Scheme {
  public:
    /// Throws INVALID_ARGUMENT naming the field of the run spec that is wrong.
    ReadOutScheme(const SchemeJob& job, ReadOutKind kind, const v1::ReadOutOptions& options);

    [[nodiscard]] std::uint64_t steps() const override { return training_chunks_ + test_chunks_; }
    /// Throws FAILED_PRECONDITION when it is not `step`'s turn.
    [[nodiscard]] Plan plan(std::uint64_t step) const override;
    StepReport learn(std::uint64_t step, const Plan& planned, ConstBlock responses) override;
    /// The stimuli depend on nothing that is learned.
    [[nodiscard]] bool may_plan_ahead(std::uint64_t step) const override {
        return step + 1 < steps();
    }
    void start_over() override;
    [[nodiscard]] std::vector<LayerOutlook> outlook() const override;
    [[nodiscard]] std::vector<NamedArray> network() const override;
    [[nodiscard]] std::vector<NamedArray> state() const override;
    void restore(std::span<const NamedArray> state) override;

  private:
    /// Some of the samples of one split.
    struct Chunk {
        bool on_test;
        std::size_t first;
        std::size_t count;
        bool last; ///< of its split
    };

    [[nodiscard]] Chunk chunk(std::uint64_t step) const;
    /// Of the chunk's split.
    [[nodiscard]] const Scores& scores(const Chunk& chunk) const;
    [[nodiscard]] std::unique_ptr<SampleStore> new_store() const;
    [[nodiscard]] OwnedBlock measured_responses() const;
    StepReport finish_training();
    /// Of a part of the test split.
    StepReport judge(const Chunk& chunk, ConstBlock responses);
    /// What a stored state must have been made for.
    [[nodiscard]] std::vector<float> fingerprint() const;

    ReadOutLayer layer_;
    ReadOutSettings settings_;
    std::size_t classes_;
    std::vector<std::uint32_t> training_labels_;
    std::vector<std::uint32_t> test_labels_;
    FeatureScaling scaling_;
    Scores training_scores_;
    Scores test_scores_;
    MakeByteStore bytes_;
    std::size_t training_chunks_;
    std::size_t test_chunks_;

    std::uint64_t next_step_ = 0;
    /// To the training split, as far as it was measured; until the read-out is fitted.
    std::unique_ptr<SampleStore> responses_;
    ReadOut read_out_;
    JudgementCounter judged_; ///< of the test split, as far as it was tested
};

} // namespace phyll::training
