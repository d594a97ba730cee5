#include "daemon/training/schemes/local/local_scheme.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/kernels/normal.hpp"
#include "drivers/core/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

namespace phyll::training {
namespace {

void copy_sample(ConstBlock from, std::size_t source, Block to, std::size_t target) {
    const std::span<const float> values = from.sample(source);
    std::copy(values.begin(), values.end(), to.sample(target).begin());
}

double share(std::span<const float> counts, std::size_t of) {
    return std::accumulate(counts.begin(), counts.end(), 0.0) / static_cast<double>(of);
}

/// The range of goodness that samples are judged by, if they are: that of each layer is between -1
/// and 1.
std::optional<JudgementCounter::Range> goodness_of(const LocalSettings& settings) {
    if (settings.labelling == Labelling::copies) {
        return std::nullopt;
    }
    const auto layers = static_cast<double>(settings.layers.size());
    return JudgementCounter::Range{.least = -layers, .most = layers};
}

std::vector<std::uint32_t> first_of(const std::vector<std::uint32_t>& samples, std::size_t count) {
    return {samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(count)};
}

Selection::Labels read_labels(const SchemeJob& job, const LocalSettings& settings) {
    return {.training = labels_of(job.data, job.split.training),
            .test = labels_of(job.data, job.split.test),
            .validation =
                labels_of(job.data, first_of(job.split.validation, settings.validated_samples))};
}

Stage stage_of(Phase phase) {
    switch (phase) {
    case Phase::train:
        return Stage::training;
    case Phase::validate:
        return Stage::validating;
    case Phase::evaluate:
        return Stage::testing;
    default:
        return Stage::measuring;
    }
}

} // namespace

LocalScheme::LocalScheme(const SchemeJob& job, LocalSettings settings)
    : settings_(std::move(settings)),
      selection_(settings_, job.data.classes(), read_labels(job, settings_)),
      timetable_(settings_.schedule, settings_.layers.size(), settings_.epochs, selection_.parts(),
                 settings_.validation),
      network_(settings_, fit_scaling(job)),
      training_scores_(job.data.inputs, network_.scaling(), job.split.training),
      test_scores_(job.data.inputs, network_.scaling(), job.split.test),
      validation_scores_(job.data.inputs, network_.scaling(),
                         first_of(job.split.validation, settings_.validated_samples)),
      judged_(job.data.classes(), goodness_of(settings_)) {
    const std::vector<Column> own = selection_.with_own_labels(training_scores_.samples());
    network_.layer(0).encoder().fit(network_.input_rows(training_scores_, own));
    begin();
}

void LocalScheme::begin() {
    progress_ = {};
    progress_.flow.resize(network_.depth());
    judged_.clear();
    if (greedy()) {
        progress_.prior_goodness.assign(training_scores_.samples() * selection_.classes(), 0.0F);
        return;
    }
    for (std::size_t l = 0; l < network_.depth(); ++l) {
        // The first layer's inputs do not move.
        const std::size_t samples = l == 0 ? 0 : selection_.samples_to_fit();
        progress_.collected.emplace_back(settings_.layers[l].inputs,
                                         samples * selection_.training_showings(l));
    }
}

void LocalScheme::start_over() {
    begin();
    for (std::size_t l = 0; l < network_.depth(); ++l) {
        network_.layer(l).local().adam().forget();
    }
}

// ---- What a step works on

const Scores& LocalScheme::scores(const Task& task) const noexcept {
    return task.phase == Phase::validate ? validation_scores_
           : task.on_test                ? test_scores_
                                         : training_scores_;
}

OwnedBlock LocalScheme::inputs(const Task& task, std::span<const Column> columns) const {
    if (task.layer == 0) {
        return first_inputs(scores(task), columns);
    }
    if (!greedy() || task.judges()) {
        const std::vector<InFlight>& flow = progress_.flow[task.layer];
        return std::ranges::find(flow, task.part, &InFlight::part)->inputs;
    }
    OwnedBlock gathered(settings_.layers[task.layer].inputs, columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
        copy_sample(progress_.inputs.view(), selection_.place(columns[i]), gathered.view(), i);
    }
    return gathered;
}

LocalScheme::Work LocalScheme::prepare(const Task& task) const {
    Work work{.task = task, .columns = selection_.columns(task), .inputs = {}};
    work.inputs = inputs(task, work.columns);
    return work;
}

// ---- Planning

Plan LocalScheme::plan(std::uint64_t step) const {
    const std::uint64_t next = progress_.next_step;
    const bool ahead = step == next + 1 && may_plan_ahead(next);
    if (step >= steps() || (step != next && !ahead)) {
        throw Error(Code::failed_precondition,
                    fmt::format("step {} was planned when it was the turn of step {} of {}", step,
                                next, steps()));
    }
    const Task task = timetable_.at(step);
    Plan plan;
    plan.layer = task.layer;
    plan.epoch = task.epoch;
    plan.overall_epoch =
        task.epoch + (greedy() ? settings_.epochs * std::max(task.layer, task.deepest) : 0);
    plan.purpose = task.judges() ? Purpose::evaluation : Purpose::training;
    plan.stage = stage_of(task.phase);
    if (is_left_over(task)) {
        return plan;
    }
    const NetworkLayer& layer = network_.layer(task.layer);
    if (layer.settings().physics) {
        const Work work = prepare(task);
        plan.stimuli = layer.stimuli(work.inputs.view(), plan.clipped);
        plan.encoded = work.inputs.view().size();
        plan.on_test = task.on_test;
        plan.origins.reserve(plan.stimuli.samples());
        const std::size_t first = task.phase == Phase::validate ? training_scores_.samples() : 0;
        for (const Column& column : work.columns) {
            plan.origins.insert(plan.origins.end(), layer.settings().permutations,
                                {static_cast<std::uint32_t>(first + column.sample), column.label});
        }
        if (task.phase == Phase::evaluate && task.layer == 0) {
            plan.samples = selection_.samples(work.columns);
        }
    }
    return plan;
}

// ---- Learning

StepReport LocalScheme::learn(std::uint64_t step, const Plan& planned, ConstBlock responses) {
    if (step != progress_.next_step || step >= steps()) {
        throw Error(Code::failed_precondition,
                    fmt::format("step {} was to be learned when it was the turn of step {} of {}",
                                step, progress_.next_step, steps()));
    }
    const Task task = timetable_.at(step);
    if (is_left_over(task)) {
        ++progress_.next_step;
        return {};
    }
    check_responses(task, planned, responses);
    const Work work = prepare(task);
    ++progress_.next_step;
    StepReport report = take_step(work, responses);
    report.operations += operations(work);
    if (timetable_.ends_training(step)) {
        go_back_to_best();
    }
    return report;
}

StepReport LocalScheme::take_step(const Work& work, ConstBlock responses) {
    switch (work.task.phase) {
    case Phase::fit:
        return learn_fit(work, responses);
    case Phase::train:
        return learn_train(work, responses);
    case Phase::validate:
        return learn_validate(work, responses);
    case Phase::propagate:
        return learn_propagate(work, responses);
    default:
        return learn_evaluate(work, responses);
    }
}

void LocalScheme::check_responses(const Task& task, const Plan& planned,
                                  ConstBlock responses) const {
    const LayerSettings& layer = settings_.layers[task.layer];
    if (layer.physics && (responses.channels() != layer.rig.outputs ||
                          responses.samples() != planned.stimuli.samples())) {
        throw Error(Code::invalid_argument,
                    fmt::format("{} stimuli of layers[{}] were answered by {} responses of {} "
                                "outputs; its rig has {}",
                                planned.stimuli.samples(), task.layer, responses.samples(),
                                responses.channels(), layer.rig.outputs));
    }
}

StepReport LocalScheme::learn_fit(const Work& work, ConstBlock responses) {
    NetworkLayer& layer = network_.layer(work.task.layer);
    if (layer.settings().physics) {
        layer.response().fit(layer.answers(responses));
    }
    if (!greedy()) {
        progress_.flow[work.task.layer].clear();
        if (!is_last(work.task.layer)) {
            OwnedBlock z = layer.local().map(layer.features(work.inputs.view(), responses).view());
            network_.layer(work.task.layer + 1).encoder().fit(z.view());
            progress_.flow[work.task.layer + 1].push_back(
                {.part = 0, .inputs = std::move(z), .said = {}});
        }
    }
    progress_.validation = {};
    return {};
}

StepReport LocalScheme::learn_train(const Work& work, ConstBlock responses) {
    const Task& task = work.task;
    NetworkLayer& layer = network_.layer(task.layer);
    const OwnedBlock features = layer.features(work.inputs.view(), responses);
    const std::uint64_t batch = std::uint64_t{task.epoch} * selection_.batches() + task.part;
    const std::optional<OwnedBlock> noisy = with_noise(work, features);
    const LocalOutcome outcome =
        learn_batch(layer.local(), task, noisy ? noisy->view() : features.view(),
                    {.learning_rate = settings_.learning_rate_at(task.epoch),
                     .inner_steps = settings_.inner_steps,
                     .updates_before = batch * settings_.inner_steps});
    look_at_batch(work, features.view());
    StepReport report;
    report.loss = outcome.loss;
    if (greedy() || is_last(task.layer)) {
        record_batch(work, outcome);
        if (task.last_part) {
            refit_encoders(task.epoch);
            if (!timetable_.validates_after(task)) {
                report.epoch = report_epoch(task);
            }
        }
    }
    return report;
}

StepReport LocalScheme::learn_propagate(const Work& work, ConstBlock responses) {
    const Task& task = work.task;
    const NetworkLayer& layer = network_.layer(task.layer);
    const OwnedBlock z = layer.local().map(layer.features(work.inputs.view(), responses).view());
    if (task.part == 0) {
        progress_.next_inputs =
            OwnedBlock(z.channels(), training_scores_.samples() * selection_.propagated_showings());
    }
    for (std::size_t i = 0; i < work.columns.size(); ++i) {
        copy_sample(z.view(), i, progress_.next_inputs.view(), selection_.place(work.columns[i]));
    }
    if (settings_.labelling != Labelling::copies) {
        const std::vector<float> goodness = layer.local().goodness(z.view());
        for (std::size_t i = 0; i < goodness.size(); ++i) {
            progress_.prior_goodness[selection_.goodness_place(work.columns, i)] += goodness[i];
        }
    }
    if (task.last_part) {
        progress_.inputs = std::exchange(progress_.next_inputs, {});
        network_.layer(task.layer + 1).encoder().fit(progress_.inputs.view());
    }
    return {};
}

std::optional<OwnedBlock> LocalScheme::with_noise(const Work& work,
                                                  const OwnedBlock& features) const {
    const std::size_t physical = settings_.layers[work.task.layer].responses();
    if (settings_.response_noise == 0.0F || physical == 0) {
        return std::nullopt;
    }
    OwnedBlock noisy = features;
    const KeyedRandom random(settings_.seed,
                             fmt::format("layer {} response noise", work.task.layer + 1));
    const std::size_t table = training_scores_.samples() * selection_.propagated_showings();
    std::vector<float> noise(physical);
    for (std::size_t i = 0; i < work.columns.size(); ++i) {
        // A row of its own for every column and epoch, whatever the batch.
        const std::uint64_t row =
            std::uint64_t{work.task.epoch} * table + selection_.place(work.columns[i]);
        kernels::phyll_normals(random.key(), row, 0, physical, noise.data());
        const std::span<float> column = noisy.sample(i);
        for (std::size_t j = 0; j < physical; ++j) {
            column[j] += settings_.response_noise * noise[j];
        }
    }
    return noisy;
}

/// Simultaneous: keeps the batch's inputs, as far as there is room, for the next encoder.
void LocalScheme::collect(const Work& work) {
    OwnedBlock& kept = progress_.collected[work.task.layer];
    const std::size_t showings = selection_.training_showings(work.task.layer);
    const std::size_t first = std::min(work.task.part * showings * settings_.batch, kept.samples());
    const std::size_t count = std::min(work.inputs.samples(), kept.samples() - first);
    for (std::size_t i = 0; i < count; ++i) {
        copy_sample(work.inputs.view(), i, kept.view(), first + i);
    }
}

/// Simultaneous: deeper layers see moving inputs; their encoders follow for half of the training.
void LocalScheme::refit_encoders(std::size_t finished_epoch) {
    if (greedy() || 2 * (finished_epoch + 1) > settings_.epochs) {
        return;
    }
    for (std::size_t l = 1; l < network_.depth(); ++l) {
        network_.layer(l).encoder().fit(progress_.collected[l].view());
    }
}

void LocalScheme::record_batch(const Work& work, const LocalOutcome& outcome) {
    // Weighted by the batch's size, as the last batch of an epoch may be smaller.
    const std::size_t samples = selection_.batch_size(work.task);
    progress_.batch_loss.push_back(static_cast<float>(outcome.loss * static_cast<double>(samples)));
    progress_.batch_pair_hits.push_back(static_cast<float>(outcome.correct));
}

EpochReport LocalScheme::report_epoch(const Task& task) {
    const std::size_t samples = training_scores_.samples();
    EpochReport report{.layer = task.layer,
                       .epoch = task.epoch,
                       .loss = share(progress_.batch_loss, samples),
                       .pair_accuracy = share(progress_.batch_pair_hits, samples),
                       .train_accuracy = std::nullopt};
    if (selection_.shows_all_labels(task.layer)) {
        report.train_accuracy = share(progress_.batch_label_hits, samples);
    }
    progress_.batch_loss.clear();
    progress_.batch_pair_hits.clear();
    progress_.batch_label_hits.clear();
    if (progress_.validation.hits_before >= 0.0F) {
        report.validation_accuracy_before =
            static_cast<double>(std::exchange(progress_.validation.hits_before, -1.0F)) /
            static_cast<double>(validation_scores_.samples());
    }
    return report;
}

} // namespace phyll::training
