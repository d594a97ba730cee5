#pragma once

#include "daemon/training/scheme.hpp"
#include "daemon/training/schemes/phyll/network.hpp"
#include "daemon/training/schemes/phyll/phyll.pb.h"
#include "daemon/training/schemes/phyll/progress.hpp"
#include "daemon/training/schemes/phyll/selection.hpp"
#include "daemon/training/schemes/phyll/settings.hpp"
#include "daemon/training/schemes/phyll/timetable.hpp"
#include "daemon/training/schemes/scheme_job.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace phyll::training {

/// Supervised physical local learning (Momeni, Rahmani, Mallejac, del Hougne, Fleury,
/// "Backpropagation-free training of deep physical neural networks", Science 382:1297, 2023).
///
/// The label is written into the input of the first layer. Each layer learns by itself to have more
/// goodness for a sample with its own label than with a wrong one, drawn anew in every epoch;
/// inference takes the label with the largest sum of goodness over the layers.
///
/// What is fitted to data is fitted on the training split: feature scaling and the first layer's
/// encoding when the scheme is made; a layer's response scale on the first min(N, 1000) training
/// samples with their own labels. A deeper layer's encoding is fitted, greedy, once, on its inputs
/// for all samples and labels; simultaneous, before it is first measured, on the inputs that those
/// first samples give, and again after each epoch of the first half of training, on the epoch's
/// inputs (the first 1000 pairs).
///
/// Greedy with reuse, every batch asks for its samples under all labels: after the first epoch that
/// costs nothing and tells the accuracy. Each sample is judged right after its own batch's update.
class PhyllScheme final : public Scheme {
  public:
    /// Throws INVALID_ARGUMENT naming the field of the run spec that is wrong.
    PhyllScheme(const SchemeJob& job, const v1::PhyllOptions& options);

    [[nodiscard]] std::uint64_t steps() const override { return timetable_.steps(); }
    /// Throws FAILED_PRECONDITION when it is not `step`'s turn.
    [[nodiscard]] Plan plan(std::uint64_t step) const override;
    /// Throws FAILED_PRECONDITION when it is not `step`'s turn, INVALID_ARGUMENT when the responses
    /// have the wrong shape.
    StepReport learn(std::uint64_t step, const Plan& planned, ConstBlock responses) override;
    [[nodiscard]] bool may_plan_ahead(std::uint64_t step) const override {
        return timetable_.next_is_independent(step);
    }
    void start_over() override;
    [[nodiscard]] std::vector<LayerOutlook> outlook() const override;
    [[nodiscard]] std::vector<NamedArray> network() const override;
    [[nodiscard]] std::vector<NamedArray> state() const override;
    void restore(std::span<const NamedArray> state) override;

  private:
    /// A step with its columns and their inputs to the step's layer.
    struct Work {
        Task task;
        std::vector<Column> columns;
        OwnedBlock inputs;
    };

    [[nodiscard]] bool greedy() const noexcept { return settings_.schedule == Schedule::greedy; }
    [[nodiscard]] bool is_last(std::size_t layer) const { return layer + 1 == network_.depth(); }
    [[nodiscard]] LayerOutlook outlook(std::size_t layer) const;
    [[nodiscard]] std::vector<float> fingerprint() const;

    [[nodiscard]] Work prepare(const Task& task) const;
    [[nodiscard]] OwnedBlock inputs(const Task& task, std::span<const Column> columns) const;

    /// Of a step.
    [[nodiscard]] double operations(const Work& work) const;
    StepReport take_step(const Work& work, ConstBlock responses);
    void check_responses(const Task& task, const Plan& planned, ConstBlock responses) const;
    StepReport learn_fit(const Work& work, ConstBlock responses);
    StepReport learn_train(const Work& work, ConstBlock responses);
    StepReport learn_propagate(const Work& work, ConstBlock responses);
    StepReport learn_evaluate(const Work& work, ConstBlock responses);

    [[nodiscard]] OwnedBlock pick_pairs(const Work& work, ConstBlock features) const;
    [[nodiscard]] std::size_t count_label_hits(const Work& work, ConstBlock features) const;
    void begin();
    void pass_on(const Work& work, ConstBlock features);
    void collect(const Work& work);
    void refit_encoders(std::size_t finished_epoch);
    void record_batch(const Work& work, const PairOutcome& outcome, ConstBlock features);
    [[nodiscard]] EpochReport report_epoch(const Task& task);

    PhyllSettings settings_;
    Selection selection_;
    Timetable timetable_;
    Network network_;
    Scores training_scores_;
    Scores test_scores_;
    Progress progress_;
};

} // namespace phyll::training
