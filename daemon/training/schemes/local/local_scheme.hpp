#pragma once

#include "daemon/training/judgement.hpp"
#include "daemon/training/scheme.hpp"
#include "daemon/training/schemes/local/network.hpp"
#include "daemon/training/schemes/local/progress.hpp"
#include "daemon/training/schemes/local/selection.hpp"
#include "daemon/training/schemes/local/settings.hpp"
#include "daemon/training/schemes/local/timetable.hpp"
#include "daemon/training/schemes/scheme_job.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace phyll::training {

/// What schemes share whose layers learn by themselves, each from a loss of its own, and judge a
/// sample by the sum over the layers of its goodness for each class.
///
/// What is fitted to data is fitted on the training split: feature scaling and the first layer's
/// encoding when the scheme is made; a layer's response scale on the first min(N, 1000) training
/// samples with their own labels (where labels are shown). A deeper layer's encoding is fitted,
/// greedy, once, on its inputs for all samples and labels; simultaneous, before it is first
/// measured, on the inputs that those first samples give, and again after each epoch of the first
/// half of training, on the epoch's inputs (of the first 1000 samples).
///
/// The validation split, if there is one, is judged by the layers so far where the run file asks
/// for it. With patience, training that gains nothing ends, and the weights of the best judgement
/// (of equals the first) are gone on with: steps that are left over ask for nothing and change
/// nothing.
///
/// Where training a layer shows its samples as they are judged, that tells the training accuracy
/// for nothing: each sample is judged right after its own batch's update, by the layers so far.
class LocalScheme : public Scheme {
  public:
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

  protected:
    LocalScheme(const SchemeJob& job, LocalSettings settings);

    [[nodiscard]] const LocalSettings& settings() const noexcept { return settings_; }
    [[nodiscard]] const Selection& selection() const noexcept { return selection_; }
    [[nodiscard]] const Network& layers() const noexcept { return network_; }
    [[nodiscard]] JudgementCounter& judged() noexcept { return judged_; }

    /// Learns from a batch: `features` are those of the task's columns, in their order.
    virtual LocalOutcome learn_batch(LocalLayer& layer, const Task& task, ConstBlock features,
                                     const LearningSteps& how) = 0;
    /// What a stored state must have been made for, beside what `LocalSettings` hold.
    virtual void add_facts(std::vector<float>& facts) const = 0;

    // How samples are judged: by the sum over the layers of their goodness for each class, unless a
    // scheme does it in another way.

    /// The first layer's input for each column.
    [[nodiscard]] virtual OwnedBlock first_inputs(const Scores& scores,
                                                  std::span<const Column> columns) const {
        return network_.inputs(scores, columns);
    }
    /// What the layers so far say of columns that are judged, given `z`, width x columns, and what
    /// those before said: empty for the first.
    [[nodiscard]] virtual std::vector<float> say(const LocalLayer& layer, ConstBlock z,
                                                 std::span<const float> before) const;
    /// Judges samples of the split that the task is about by what all layers said of them. Whom it
    /// judges it counts in `judged`. Returns the floating-point operations that this took.
    virtual double judge(const Task& task, std::span<const std::uint32_t> samples,
                         std::span<const float> said);
    /// Of the scheme beside the layers: what inference needs, and what only going on does.
    virtual void save_more(std::vector<NamedArray>& /*network*/) const {}
    virtual void save_progress(std::vector<NamedArray>& /*state*/) const {}
    /// Takes both back; throws DATA_LOSS, changing nothing, when they do not fit.
    virtual void restore_more(const ArrayReader& /*arrays*/) {}

  private:
    /// A step with its columns and their inputs to the step's layer.
    struct Work {
        Task task;
        std::vector<Column> columns;
        OwnedBlock inputs;
    };

    [[nodiscard]] bool greedy() const noexcept { return settings_.schedule == Schedule::greedy; }
    [[nodiscard]] bool is_last(std::size_t layer) const { return layer + 1 == network_.depth(); }
    /// Whether it is left over by training that ended early.
    [[nodiscard]] bool is_left_over(const Task& task) const noexcept {
        return progress_.validation.stopped &&
               (task.phase == Phase::train || task.phase == Phase::validate);
    }
    [[nodiscard]] const Scores& scores(const Task& task) const noexcept;
    [[nodiscard]] LayerOutlook outlook(std::size_t layer) const;
    [[nodiscard]] std::vector<float> fingerprint() const;

    [[nodiscard]] Work prepare(const Task& task) const;
    [[nodiscard]] OwnedBlock inputs(const Task& task, std::span<const Column> columns) const;

    StepReport take_step(const Work& work, ConstBlock responses);
    /// Of a step.
    [[nodiscard]] double operations(const Work& work) const;
    void check_responses(const Task& task, const Plan& planned, ConstBlock responses) const;
    StepReport learn_fit(const Work& work, ConstBlock responses);
    StepReport learn_train(const Work& work, ConstBlock responses);
    StepReport learn_propagate(const Work& work, ConstBlock responses);
    StepReport learn_validate(const Work& work, ConstBlock responses);
    StepReport learn_evaluate(const Work& work, ConstBlock responses);
    /// Takes samples that are judged through a layer; whether they were judged by the last, of
    /// which the operations go into the report.
    bool flow_through(const Work& work, ConstBlock responses, StepReport& report);
    /// What the layers before said of the samples that come to the task's.
    [[nodiscard]] std::span<const float> said_before(const Task& task) const;
    /// The task's layer is done with the first that came to it; `made` goes to the next.
    void pass_on(const Task& task, std::optional<InFlight> made);
    void note_validation(float hits);
    void go_back_to_best();

    /// The features with fresh noise on the responses; nothing where none is asked for.
    [[nodiscard]] std::optional<OwnedBlock> with_noise(const Work& work,
                                                       const OwnedBlock& features) const;
    void begin();
    void collect(const Work& work);
    void refit_encoders(std::size_t finished_epoch);
    /// After an update: what the batch's samples are taken for, and what the next layer sees of
    /// them.
    void look_at_batch(const Work& work, ConstBlock features);
    /// Greedy: what the layers before said of the columns.
    [[nodiscard]] std::vector<float> prior_goodness(const Work& work) const;
    void record_batch(const Work& work, const LocalOutcome& outcome);
    [[nodiscard]] EpochReport report_epoch(const Task& task);

    LocalSettings settings_;
    Selection selection_;
    Timetable timetable_;
    Network network_;
    Scores training_scores_;
    Scores test_scores_;
    Scores validation_scores_;
    Progress progress_;
    JudgementCounter judged_; ///< of the split that is judged
};

} // namespace phyll::training
