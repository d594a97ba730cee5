#include "daemon/training/schemes/phyll/phyll_scheme.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

namespace phyll::training {
namespace {

/// Scales and moving encodings are fitted on at most so many samples.
constexpr std::size_t most_samples_to_fit = 1000;
/// Samples are propagated and evaluated in chunks of about so many columns.
constexpr std::size_t columns_per_chunk = 2048;

std::size_t chunk_samples(std::size_t classes) {
    return std::max<std::size_t>(1, columns_per_chunk / classes);
}

std::size_t divide_up(std::size_t a, std::size_t b) {
    return (a + b - 1) / b;
}

Timetable::Parts count_parts(const SchemeJob& job, const PhyllSettings& settings) {
    const std::size_t chunk = chunk_samples(job.data.classes());
    return {.batches = divide_up(job.split.training.size(), settings.batch),
            .training_chunks = divide_up(job.split.training.size(), chunk),
            .test_chunks = divide_up(job.split.test.size(), chunk)};
}

std::vector<std::uint32_t> pick(std::span<const std::uint32_t> values,
                                std::span<const std::uint32_t> indices) {
    std::vector<std::uint32_t> picked;
    picked.reserve(indices.size());
    for (const std::uint32_t i : indices) {
        picked.push_back(values[i]);
    }
    return picked;
}

void copy_sample(ConstBlock from, std::size_t source, Block to, std::size_t target) {
    const std::span<const float> values = from.sample(source);
    std::copy(values.begin(), values.end(), to.sample(target).begin());
}

double share(std::span<const float> counts, std::size_t of) {
    return std::accumulate(counts.begin(), counts.end(), 0.0) / static_cast<double>(of);
}

/// Samples whose own label has the most goodness; on a tie the first label counts. The columns are
/// those of whole samples, each under all labels in order.
std::size_t count_hits(std::span<const float> goodness, std::span<const Column> columns,
                       std::span<const std::uint32_t> labels, std::size_t classes) {
    std::size_t hits = 0;
    for (std::size_t first = 0; first < columns.size(); first += classes) {
        const auto candidates = goodness.subspan(first, classes);
        const auto best = std::max_element(candidates.begin(), candidates.end());
        const auto label = static_cast<std::size_t>(best - candidates.begin());
        hits += label == labels[columns[first].sample] ? 1 : 0;
    }
    return hits;
}

} // namespace

PhyllScheme::PhyllScheme(const SchemeJob& job, const v1::PhyllOptions& options)
    : settings_(read_settings(job, options)),
      classes_(job.data.classes()),
      timetable_(settings_.schedule, settings_.layers.size(), settings_.epochs,
                 count_parts(job, settings_)),
      network_(settings_, FeatureScaling::fit(job.data.inputs.view(), job.split.training)) {
    const FeatureScaling& scaling = network_.scaling();
    training_ = {.scores = scaling.apply(job.data.inputs.view(), job.split.training),
                 .labels = pick(job.data.labels, job.split.training)};
    test_ = {.scores = scaling.apply(job.data.inputs.view(), job.split.test),
             .labels = pick(job.data.labels, job.split.test)};

    std::vector<Column> own;
    for (std::uint32_t i = 0; i < training_.labels.size(); ++i) {
        own.push_back({i, training_.labels[i]});
    }
    network_.layer(0).encoder().fit(network_.overlay(training_.scores.view(), own).view());
    if (greedy()) {
        progress_.prior_goodness.assign(training_.labels.size() * classes_, 0.0F);
    } else {
        // The first layer's inputs do not move.
        for (std::size_t l = 0; l < network_.depth(); ++l) {
            progress_.collected.emplace_back(settings_.layers[l].inputs,
                                             l == 0 ? 0 : 2 * samples_to_fit());
        }
    }
}

// ---- What a step works on

bool PhyllScheme::asks_all_labels(std::size_t layer) const {
    return greedy() && (settings_.reuse || !settings_.layers[layer].physics);
}

std::size_t PhyllScheme::samples_to_fit() const {
    return std::min(training_.labels.size(), most_samples_to_fit);
}

std::size_t PhyllScheme::column_of(const Column& column) const {
    return column.sample * classes_ + column.label;
}

std::vector<std::uint32_t> PhyllScheme::batch_samples(const Task& task) const {
    std::vector<std::uint32_t> order(training_.labels.size());
    std::iota(order.begin(), order.end(), 0U);
    if (settings_.batch == order.size()) {
        return order;
    }
    // Simultaneous: all layers see the same batch, which flows through them.
    const KeyedRandom random(settings_.seed, fmt::format("batches {}", greedy() ? task.layer : 0));
    random.shuffle(order, task.epoch);
    const std::size_t first = task.part * settings_.batch;
    const std::size_t last = std::min(first + settings_.batch, order.size());
    return {order.begin() + static_cast<std::ptrdiff_t>(first),
            order.begin() + static_cast<std::ptrdiff_t>(last)};
}

std::vector<Column> PhyllScheme::pair_columns(const Task& task) const {
    const std::vector<std::uint32_t> samples = batch_samples(task);
    std::vector<Column> pairs;
    pairs.reserve(2 * samples.size());
    for (const std::uint32_t sample : samples) {
        pairs.push_back({sample, training_.labels[sample]});
    }
    const KeyedRandom random(settings_.seed,
                             fmt::format("negatives {}", greedy() ? task.layer : 0));
    for (const std::uint32_t sample : samples) {
        const auto wrong =
            static_cast<std::uint32_t>(random.below(classes_ - 1, task.epoch, sample));
        pairs.push_back({sample, wrong + (wrong >= training_.labels[sample] ? 1U : 0U)});
    }
    return pairs;
}

std::vector<Column> PhyllScheme::chunk_columns(const Task& task) const {
    const std::size_t size = chunk_samples(classes_);
    const std::size_t first = task.part * size;
    const std::size_t last = std::min(first + size, part_of(task).labels.size());
    std::vector<Column> columns;
    columns.reserve((last - first) * classes_);
    for (std::size_t sample = first; sample < last; ++sample) {
        for (std::uint32_t label = 0; label < classes_; ++label) {
            columns.push_back({static_cast<std::uint32_t>(sample), label});
        }
    }
    return columns;
}

std::vector<Column> PhyllScheme::columns(const Task& task) const {
    std::vector<Column> columns;
    switch (task.phase) {
    case Phase::fit:
        for (std::uint32_t sample = 0; sample < samples_to_fit(); ++sample) {
            columns.push_back({sample, training_.labels[sample]});
        }
        return columns;
    case Phase::train:
        if (!asks_all_labels(task.layer)) {
            return pair_columns(task);
        }
        for (const std::uint32_t sample : batch_samples(task)) {
            for (std::uint32_t label = 0; label < classes_; ++label) {
                columns.push_back({sample, label});
            }
        }
        return columns;
    default:
        return chunk_columns(task);
    }
}

OwnedBlock PhyllScheme::inputs(const Task& task, std::span<const Column> columns) const {
    if (task.layer == 0) {
        return network_.overlay(part_of(task).scores.view(), columns);
    }
    if (!greedy() || task.phase == Phase::evaluate) {
        return progress_.flow;
    }
    OwnedBlock gathered(settings_.layers[task.layer].inputs, columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
        copy_sample(progress_.inputs.view(), column_of(columns[i]), gathered.view(), i);
    }
    return gathered;
}

PhyllScheme::Work PhyllScheme::prepare(const Task& task) const {
    Work work{.task = task, .columns = columns(task), .inputs = {}};
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
        const OwnedBlock h = prepare(task).inputs;
        plan.stimuli = OwnedBlock(layer.settings().rig.inputs, h.samples());
        plan.clipped = layer.encoder().encode(h.view(), plan.stimuli.view());
        plan.encoded = h.view().size();
    }
    return plan;
}

std::vector<LayerOutlook> PhyllScheme::outlook() const {
    std::vector<LayerOutlook> layers;
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
    const std::uint64_t every_label = training_.labels.size() * classes_;
    const std::uint64_t pairs = 2 * std::uint64_t{training_.labels.size()} * settings_.epochs;
    const bool propagates = greedy() && !is_last(layer);
    outlook.training_queries = samples_to_fit() + pairs + (propagates ? every_label : 0);
    outlook.evaluation_queries = every_label + test_.labels.size() * classes_;
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
    switch (task.phase) {
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
        asks_all_labels(task.layer) ? pick_pairs(work, features.view()) : features;
    const std::uint64_t batch =
        std::uint64_t{task.epoch} * divide_up(training_.labels.size(), settings_.batch) + task.part;
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
        progress_.next_inputs = OwnedBlock(z.channels(), training_.labels.size() * classes_);
    }
    for (std::size_t i = 0; i < work.columns.size(); ++i) {
        const std::size_t column = column_of(work.columns[i]);
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
    const std::vector<std::uint32_t>& labels = part_of(task).labels;
    progress_.hits +=
        static_cast<float>(count_hits(progress_.flow_goodness, work.columns, labels, classes_));
    progress_.flow = {};
    progress_.flow_goodness = {};
    StepReport report;
    if (task.last_part) {
        const float hits = std::exchange(progress_.hits, 0.0F);
        (task.on_test ? report.test_accuracy : report.train_accuracy) =
            share(std::span(&hits, 1), labels.size());
    }
    return report;
}

OwnedBlock PhyllScheme::pick_pairs(const Work& work, ConstBlock features) const {
    const std::vector<Column> pairs = pair_columns(work.task);
    const std::size_t count = pairs.size() / 2;
    OwnedBlock picked(features.channels(), pairs.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        // Sample i of the batch has the columns i * classes and following.
        const std::size_t source = i % count * classes_ + pairs[i].label;
        copy_sample(features, source, picked.view(), i);
    }
    return picked;
}

std::size_t PhyllScheme::count_label_hits(const Work& work, ConstBlock features) const {
    const LocalLayer& local = network_.layer(work.task.layer).local();
    std::vector<float> goodness = local.goodness(local.map(features).view());
    for (std::size_t i = 0; i < goodness.size(); ++i) {
        goodness[i] += progress_.prior_goodness[column_of(work.columns[i])];
    }
    return count_hits(goodness, work.columns, training_.labels, classes_);
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
    const std::size_t samples =
        work.columns.size() / (asks_all_labels(work.task.layer) ? classes_ : 2);
    progress_.batch_loss.push_back(static_cast<float>(outcome.loss * static_cast<double>(samples)));
    progress_.batch_pair_hits.push_back(static_cast<float>(outcome.correct));
    if (asks_all_labels(work.task.layer)) {
        progress_.batch_label_hits.push_back(static_cast<float>(count_label_hits(work, features)));
    }
}

EpochReport PhyllScheme::report_epoch(const Task& task) {
    const std::size_t samples = training_.labels.size();
    EpochReport report{.layer = task.layer,
                       .epoch = task.epoch,
                       .loss = share(progress_.batch_loss, samples),
                       .pair_accuracy = share(progress_.batch_pair_hits, samples),
                       .train_accuracy = std::nullopt};
    if (asks_all_labels(task.layer)) {
        report.train_accuracy = share(progress_.batch_label_hits, samples);
    }
    progress_.batch_loss.clear();
    progress_.batch_pair_hits.clear();
    progress_.batch_label_hits.clear();
    return report;
}

// ---- State

std::vector<float> PhyllScheme::fingerprint() const {
    std::vector<float> facts;
    const auto add = [&](auto value) { facts.push_back(static_cast<float>(value)); };
    add(training_.labels.size());
    add(test_.labels.size());
    add(classes_);
    add(settings_.schedule == Schedule::greedy);
    add(settings_.reuse);
    add(settings_.epochs);
    add(settings_.batch);
    add(settings_.inner_steps);
    add(settings_.learning_rate);
    add(settings_.cosine);
    add(settings_.theta);
    for (const LayerSettings& layer : settings_.layers) {
        add(layer.inputs);
        add(layer.width);
        add(layer.physics);
        add(layer.skip);
        add(layer.encoding);
    }
    return facts;
}

std::vector<NamedArray> PhyllScheme::network() const {
    std::vector<NamedArray> arrays;
    network_.save(arrays);
    return arrays;
}

std::vector<NamedArray> PhyllScheme::state() const {
    std::vector<NamedArray> arrays = network();
    for (std::size_t l = 0; l < network_.depth(); ++l) {
        network_.layer(l).save_optimiser(arrays);
    }
    progress_.save(arrays);
    arrays.push_back(named_vector("job", fingerprint()));
    return arrays;
}

void PhyllScheme::restore(std::span<const NamedArray> state) {
    const ArrayReader arrays(state);
    if (arrays.read_vector("job") != fingerprint()) {
        throw Error(Code::data_loss, "the stored state is that of another job: its data, layers or "
                                     "training settings differ");
    }
    // Into copies first: a state that does not fit leaves this scheme as it was.
    Network network = network_;
    Progress progress = progress_;
    network.restore(arrays);
    for (std::size_t l = 0; l < network.depth(); ++l) {
        network.layer(l).restore_optimiser(arrays);
    }
    progress.restore(arrays);
    network_ = std::move(network);
    progress_ = std::move(progress);
}

} // namespace phyll::training
