#include "daemon/training/schemes/phyll/phyll_scheme.hpp"

#include "daemon/training/operations.hpp"
#include "drivers/core/error.hpp"

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

} // namespace

PhyllScheme::PhyllScheme(const SchemeJob& job, const v1::PhyllOptions& options)
    : settings_(read_settings(job, options)),
      selection_(settings_, job.data.classes(), labels_of(job.data, job.split.training),
                 labels_of(job.data, job.split.test)),
      timetable_(settings_.schedule, settings_.layers.size(), settings_.epochs, selection_.parts()),
      network_(settings_, fit_scaling(job)),
      training_scores_(job.data.inputs, network_.scaling(), job.split.training),
      test_scores_(job.data.inputs, network_.scaling(), job.split.test) {
    const std::vector<Column> own = selection_.with_own_labels(training_scores_.samples());
    network_.layer(0).encoder().fit(network_.overlaid(training_scores_, own));
    begin();
}

void PhyllScheme::begin() {
    progress_ = {};
    if (greedy()) {
        progress_.prior_goodness.assign(training_scores_.samples() * selection_.classes(), 0.0F);
        return;
    }
    for (std::size_t l = 0; l < network_.depth(); ++l) {
        // The first layer's inputs do not move.
        const std::size_t pairs = l == 0 ? 0 : selection_.samples_to_fit();
        progress_.collected.emplace_back(settings_.layers[l].inputs, 2 * pairs);
    }
}

void PhyllScheme::start_over() {
    begin();
    for (std::size_t l = 0; l < network_.depth(); ++l) {
        network_.layer(l).local().adam().forget();
    }
}

// ---- What a step works on

OwnedBlock PhyllScheme::inputs(const Task& task, std::span<const Column> columns) const {
    if (task.layer == 0) {
        return network_.overlay(task.on_test ? test_scores_ : training_scores_, columns);
    }
    if (!greedy() || task.phase == Phase::evaluate) {
        return progress_.flow;
    }
    OwnedBlock gathered(settings_.layers[task.layer].inputs, columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
        copy_sample(progress_.inputs.view(), selection_.place(columns[i]), gathered.view(), i);
    }
    return gathered;
}

PhyllScheme::Work PhyllScheme::prepare(const Task& task) const {
    Work work{.task = task, .columns = selection_.columns(task), .inputs = {}};
    work.inputs = inputs(task, work.columns);
    return work;
}

// ---- Planning

Plan PhyllScheme::plan(std::uint64_t step) const {
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
    plan.purpose = task.phase == Phase::evaluate ? Purpose::evaluation : Purpose::training;
    plan.stage = task.phase == Phase::train      ? Stage::training
                 : task.phase == Phase::evaluate ? Stage::testing
                                                 : Stage::measuring;
    const NetworkLayer& layer = network_.layer(task.layer);
    if (layer.settings().physics) {
        const Work work = prepare(task);
        plan.stimuli = OwnedBlock(layer.settings().rig.inputs, work.inputs.samples());
        plan.clipped = layer.encoder().encode(work.inputs.view(), plan.stimuli.view());
        plan.encoded = work.inputs.view().size();
        plan.on_test = task.on_test;
        plan.origins.reserve(work.columns.size());
        for (const Column& column : work.columns) {
            plan.origins.push_back({column.sample, column.label});
        }
        if (task.phase == Phase::evaluate && task.layer == 0) {
            plan.samples = selection_.samples(work.columns);
        }
    }
    return plan;
}

std::vector<LayerOutlook> PhyllScheme::outlook() const {
    std::vector<LayerOutlook> layers;
    layers.reserve(network_.depth());
    for (std::size_t l = 0; l < network_.depth(); ++l) {
        layers.push_back(outlook(l));
    }
    return layers;
}

LayerOutlook PhyllScheme::outlook(std::size_t layer) const {
    const LayerSettings& settings = settings_.layers[layer];
    LayerOutlook outlook{.inputs = settings.inputs, .features = settings.features()};
    if (!settings.physics) {
        return outlook;
    }
    const std::uint64_t every_label = training_scores_.samples() * selection_.classes();
    const std::uint64_t pairs = 2 * std::uint64_t{training_scores_.samples()} * settings_.epochs;
    const bool propagates = greedy() && !is_last(layer);
    outlook.training_queries = selection_.samples_to_fit() + pairs + (propagates ? every_label : 0);
    outlook.evaluation_queries = every_label + test_scores_.samples() * selection_.classes();
    if (greedy() && settings_.reuse) {
        // The first epoch measures all there is; the training split is then evaluated from memory.
        outlook.training_queries = every_label;
        outlook.evaluation_queries -= every_label;
    } else if (settings_.reuse && layer == 0) {
        // The first layer's stimuli never change.
        outlook.training_queries = std::min(outlook.training_queries, every_label);
    }
    return outlook;
}

// ---- Learning

StepReport PhyllScheme::learn(std::uint64_t step, const Plan& planned, ConstBlock responses) {
    if (step != progress_.next_step || step >= steps()) {
        throw Error(Code::failed_precondition,
                    fmt::format("step {} was to be learned when it was the turn of step {} of {}",
                                step, progress_.next_step, steps()));
    }
    const Task task = timetable_.at(step);
    check_responses(task, planned, responses);
    const Work work = prepare(task);
    ++progress_.next_step;
    StepReport report = take_step(work, responses);
    report.operations = operations(work);
    return report;
}

StepReport PhyllScheme::take_step(const Work& work, ConstBlock responses) {
    switch (work.task.phase) {
    case Phase::fit:
        return learn_fit(work, responses);
    case Phase::train:
        return learn_train(work, responses);
    case Phase::propagate:
        return learn_propagate(work, responses);
    default:
        return learn_evaluate(work, responses);
    }
}

double PhyllScheme::operations(const Work& work) const {
    const Task& task = work.task;
    const std::size_t features = settings_.layers[task.layer].features();
    const std::size_t width = settings_.layers[task.layer].width;
    const std::size_t columns = work.columns.size();
    const double handing_on =
        greedy() || is_last(task.layer) ? 0.0 : affine_operations(features, width, columns);
    switch (task.phase) {
    case Phase::fit:
        return handing_on;
    case Phase::train:
        return local_learning_operations(features, width, 2 * selection_.batch_size(task),
                                         settings_.inner_steps) +
               handing_on +
               (selection_.shows_all_labels(task.layer)
                    ? judging_operations(features, width, columns)
                    : 0.0);
    default:
        return judging_operations(features, width, columns);
    }
}

void PhyllScheme::check_responses(const Task& task, const Plan& planned,
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

StepReport PhyllScheme::learn_fit(const Work& work, ConstBlock responses) {
    NetworkLayer& layer = network_.layer(work.task.layer);
    if (layer.settings().physics) {
        layer.response().fit(responses);
    }
    if (!greedy()) {
        pass_on(work, layer.features(work.inputs.view(), responses).view());
        if (!is_last(work.task.layer)) {
            network_.layer(work.task.layer + 1).encoder().fit(progress_.flow.view());
        }
    }
    return {};
}

StepReport PhyllScheme::learn_train(const Work& work, ConstBlock responses) {
    const Task& task = work.task;
    NetworkLayer& layer = network_.layer(task.layer);
    const OwnedBlock features = layer.features(work.inputs.view(), responses);
    const OwnedBlock pairs =
        selection_.shows_all_labels(task.layer) ? pick_pairs(work, features.view()) : features;
    const std::uint64_t batch = std::uint64_t{task.epoch} * selection_.batches() + task.part;
    const PairOutcome outcome =
        layer.local().learn(pairs.view(), {.theta = settings_.theta,
                                           .learning_rate = settings_.learning_rate_at(task.epoch),
                                           .inner_steps = settings_.inner_steps,
                                           .updates_before = batch * settings_.inner_steps});
    if (!greedy()) {
        collect(work);
        pass_on(work, features.view());
    }
    StepReport report;
    report.loss = outcome.loss;
    if (greedy() || is_last(task.layer)) {
        record_batch(work, outcome, features.view());
        if (task.last_part) {
            report.epoch = report_epoch(task);
            refit_encoders(task.epoch);
        }
    }
    return report;
}

StepReport PhyllScheme::learn_propagate(const Work& work, ConstBlock responses) {
    const Task& task = work.task;
    const NetworkLayer& layer = network_.layer(task.layer);
    const OwnedBlock z = layer.local().map(layer.features(work.inputs.view(), responses).view());
    const std::vector<float> goodness = layer.local().goodness(z.view());
    if (task.part == 0) {
        progress_.next_inputs =
            OwnedBlock(z.channels(), training_scores_.samples() * selection_.classes());
    }
    for (std::size_t i = 0; i < work.columns.size(); ++i) {
        const std::size_t column = selection_.place(work.columns[i]);
        copy_sample(z.view(), i, progress_.next_inputs.view(), column);
        progress_.prior_goodness[column] += goodness[i];
    }
    if (task.last_part) {
        progress_.inputs = std::exchange(progress_.next_inputs, {});
        network_.layer(task.layer + 1).encoder().fit(progress_.inputs.view());
    }
    return {};
}

StepReport PhyllScheme::learn_evaluate(const Work& work, ConstBlock responses) {
    const Task& task = work.task;
    const NetworkLayer& layer = network_.layer(task.layer);
    OwnedBlock z = layer.local().map(layer.features(work.inputs.view(), responses).view());
    const std::vector<float> goodness = layer.local().goodness(z.view());
    if (task.layer == 0) {
        // Training is over; what only it needs is not carried further.
        progress_.inputs = {};
        progress_.prior_goodness = {};
        progress_.flow_goodness.assign(goodness.size(), 0.0F);
    }
    std::transform(goodness.begin(), goodness.end(), progress_.flow_goodness.begin(),
                   progress_.flow_goodness.begin(), std::plus<>());
    progress_.flow = std::move(z);
    if (!is_last(task.layer)) {
        return {};
    }
    progress_.hits +=
        static_cast<float>(selection_.count_hits(task, work.columns, progress_.flow_goodness));
    progress_.flow = {};
    progress_.flow_goodness = {};
    StepReport report;
    if (task.last_part) {
        const float hits = std::exchange(progress_.hits, 0.0F);
        (task.on_test ? report.test_accuracy : report.train_accuracy) =
            share(std::span(&hits, 1), selection_.labels(task).size());
    }
    return report;
}

OwnedBlock PhyllScheme::pick_pairs(const Work& work, ConstBlock features) const {
    const std::vector<Column> pairs = selection_.pairs(work.task);
    const std::size_t count = pairs.size() / 2;
    OwnedBlock picked(features.channels(), pairs.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        // Sample i of the batch has the columns i * classes and following.
        const std::size_t source = i % count * selection_.classes() + pairs[i].label;
        copy_sample(features, source, picked.view(), i);
    }
    return picked;
}

std::size_t PhyllScheme::count_label_hits(const Work& work, ConstBlock features) const {
    const LocalLayer& local = network_.layer(work.task.layer).local();
    std::vector<float> goodness = local.goodness(local.map(features).view());
    for (std::size_t i = 0; i < goodness.size(); ++i) {
        goodness[i] += progress_.prior_goodness[selection_.place(work.columns[i])];
    }
    return selection_.count_hits(work.task, work.columns, goodness);
}

/// Simultaneous: hands the layer's outputs, with the weights as they are now, to the next layer.
void PhyllScheme::pass_on(const Work& work, ConstBlock features) {
    const std::size_t layer = work.task.layer;
    progress_.flow = is_last(layer) ? OwnedBlock{} : network_.layer(layer).local().map(features);
}

/// Simultaneous: keeps the batch's inputs, as far as there is room, for the next encoder.
void PhyllScheme::collect(const Work& work) {
    OwnedBlock& kept = progress_.collected[work.task.layer];
    const std::size_t first = std::min(work.task.part * 2 * settings_.batch, kept.samples());
    const std::size_t count = std::min(work.inputs.samples(), kept.samples() - first);
    for (std::size_t i = 0; i < count; ++i) {
        copy_sample(work.inputs.view(), i, kept.view(), first + i);
    }
}

/// Simultaneous: deeper layers see moving inputs; their encoders follow for half of the training.
void PhyllScheme::refit_encoders(std::size_t finished_epoch) {
    if (greedy() || 2 * (finished_epoch + 1) > settings_.epochs) {
        return;
    }
    for (std::size_t l = 1; l < network_.depth(); ++l) {
        network_.layer(l).encoder().fit(progress_.collected[l].view());
    }
}

void PhyllScheme::record_batch(const Work& work, const PairOutcome& outcome, ConstBlock features) {
    // Weighted by the batch's size, as the last batch of an epoch may be smaller.
    const std::size_t samples = selection_.batch_size(work.task);
    progress_.batch_loss.push_back(static_cast<float>(outcome.loss * static_cast<double>(samples)));
    progress_.batch_pair_hits.push_back(static_cast<float>(outcome.correct));
    if (selection_.shows_all_labels(work.task.layer)) {
        progress_.batch_label_hits.push_back(static_cast<float>(count_label_hits(work, features)));
    }
}

EpochReport PhyllScheme::report_epoch(const Task& task) {
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
    return report;
}

} // namespace phyll::training
