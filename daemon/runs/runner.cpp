#include "daemon/runs/runner.hpp"

#include "daemon/rig/evidence.hpp"
#include "daemon/runs/job.hpp"
#include "daemon/runs/result_totals.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/readers/sha256.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>
#include <utility>

namespace phyll::runs {
namespace {

using training::Plan;
using training::Stage;

v1::Histogram to_wire(const training::Histogram& histogram) {
    v1::Histogram out;
    out.set_least(histogram.least);
    out.set_most(histogram.most);
    out.mutable_counts()->Add(histogram.counts.begin(), histogram.counts.end());
    return out;
}

v1::TestJudgement to_wire(const training::TestJudgement& judgement) {
    v1::TestJudgement out;
    out.set_classes(static_cast<std::uint32_t>(judgement.classes));
    out.mutable_confusion()->Add(judgement.confusion.begin(), judgement.confusion.end());
    if (judgement.own && judgement.best_other) {
        *out.mutable_own() = to_wire(*judgement.own);
        *out.mutable_best_other() = to_wire(*judgement.best_other);
    }
    return out;
}

} // namespace

RunnerOptions runner_options(const v1::RunSpec& spec, std::vector<std::string> rigs) {
    const bool greedy = spec.training().schedule() == "greedy";
    const std::string& on_new_era = spec.sentinels().on_new_era();
    return {.rigs = std::move(rigs),
            .epochs = spec.training().epochs(),
            .repeats = repeats_of(spec),
            .prefetch = spec.training().prefetch(),
            .starts_over = greedy && on_new_era == "retrain",
            .holds = greedy && on_new_era == "hold",
            .max_eras = spec.sentinels().max_eras(),
            .perturb = {spec.perturb().begin(), spec.perturb().end()},
            .checkpoints = spec.checkpoints()};
}

Runner::Runner(training::Scheme& scheme, RunnerOptions options, Measurer& measurer,
               const Clock& clock, RunObserver& observer)
    : scheme_(scheme),
      options_(std::move(options)),
      measurer_(measurer),
      clock_(clock),
      observer_(observer),
      steps_(scheme.steps()),
      outlook_(scheme.outlook()) {
    const std::vector<std::string>& rigs = options_.rigs;
    for (std::size_t l = 0; l < rigs.size(); ++l) {
        v1::LayerCost& cost = *result_.add_layers();
        cost.set_layer(static_cast<std::uint32_t>(l + 1));
        if (!rigs[l].empty()) {
            cost.set_rig(rigs[l]);
            result_.set_evidence(
                rig::weaker(result_.evidence(), rig::to_wire(measurer_.spec(rigs[l]).evidence)));
        }
    }
}

void Runner::restore(const Checkpoint& checkpoint) {
    const RunPosition& position = checkpoint.position;
    if (position.result().layers_size() != result_.layers_size()) {
        throw Error(Code::data_loss, "it is of a network with another number of layers");
    }
    scheme_.restore(checkpoint.state);
    measurer_.restore(position.devices());
    step_ = kept_ = position.step();
    first_step_ = position.first_step();
    last_epoch_ = position.last_epoch();
    result_ = position.result();
    active_before_ = result_.active_seconds();
    overlap_seconds_ = position.overlap_seconds();
}

v1::RunResult Runner::run(std::stop_token stop, std::stop_token pause) {
    stop_ = std::move(stop);
    pause_ = std::move(pause);
    started_ = clock_.now();
    held_before_ = options_.held_for ? options_.held_for() : Seconds{};
    if (options_.checkpoints) {
        policy_.emplace(*options_.checkpoints, clock_);
        policy_->made(result_.training_queries() + result_.evaluation_queries());
    }
    while (step_ - first_step_ < steps_) {
        begin_ = policy_ && !judging_ ? std::optional(position()) : std::nullopt;
        try {
            if (!measured_ && ends()) { // what was measured is learned from
                throw Error(Code::cancelled, "the run was stopped");
            }
            take_step();
        } catch (const Error& error) {
            if (error.code() == Code::cancelled && pause_.stop_requested() &&
                !stop_.stop_requested()) {
                leave();
            }
            throw;
        }
    }
    add_up();
    result_.set_weights_sha256(weights_sha256(scheme_.network()));
    return result_;
}

// ---- Steps

void Runner::take_step() {
    const std::uint64_t step = step_ - first_step_;
    if (!measured_) {
        measure(planned_ ? *std::exchange(planned_, std::nullopt) : plan(step));
    }
    take_measured();
    begin_.reset(); // from here on the scheme is another one
    if (may_measure_next(step)) {
        measure_next(step);
    } else {
        learn(step);
    }
    if (learning_) {
        finish_step();
    }
}

Runner::Planned Runner::plan(std::uint64_t step) const {
    const Clock::Monotonic begun = clock_.now();
    Planned planned{.plan = scheme_.plan(step)};
    planned.seconds = Seconds(clock_.now() - begun).count();
    return planned;
}

void Runner::measure(Planned planned) {
    measured_.emplace(Measured{.planned = std::move(planned)});
    Measured& measured = *measured_;
    const Plan& plan = measured.planned.plan;
    measured.cost.set_layer(static_cast<std::uint32_t>(plan.layer + 1));
    if (learning_ && policy_) {
        measured.devices = measurer_.positions();
    }
    report_progress(plan);
    perturb(plan);
    if (plan.stimuli.samples() > 0) {
        measured.responses = measurer_.answer(options_.rigs[plan.layer],
                                              {.purpose = plan.purpose,
                                               .stimuli = plan.stimuli.view(),
                                               .origins = plan.origins,
                                               .on_test = plan.on_test},
                                              measured.cost, stop_, meanwhile(plan));
    }
}

void Runner::take_measured() {
    Measured measured = *std::exchange(measured_, std::nullopt);
    const Plan& plan = measured.planned.plan;
    v1::LayerCost& cost = cost_of(plan);
    add_cost(cost, measured.cost);
    cost.set_digital_seconds(cost.digital_seconds() + measured.planned.seconds);
    cost.set_clipped(cost.clipped() + plan.clipped);
    cost.set_encoded(cost.encoded() + plan.encoded);
    last_epoch_ = reached(plan);
    judging_ = judging_ || !plan.samples.empty();
    if (measured.failure) {
        std::rethrow_exception(measured.failure);
    }
    if (plan.stimuli.samples() > 0) {
        observer_.answered(plan, std::as_const(measured.responses).view());
    }
    learning_.emplace(Learning{.planned = std::move(measured.planned),
                               .responses = std::move(measured.responses)});
}

void Runner::learn(std::uint64_t step) {
    Learning& learning = *learning_;
    const Clock::Monotonic begun = clock_.now();
    learning.report =
        scheme_.learn(step, learning.planned.plan, std::as_const(learning.responses).view());
    learning.seconds = Seconds(clock_.now() - begun).count();
    // They may be large, and the next ones are there.
    learning.planned.plan.stimuli = {};
    learning.responses = {};
}

void Runner::finish_step() {
    try {
        side_.wait();
        Learning learned = *std::exchange(learning_, std::nullopt);
        if (learned.after) {
            planned_ = std::move(learned.after);
        }
        take_note(learned);
    } catch (...) {
        learning_.reset();
        if (measured_) {
            measured_->abandoned = true;
        }
        throw;
    }
}

void Runner::take_note(const Learning& learned) {
    v1::LayerCost& cost = cost_of(learned.planned.plan);
    cost.set_digital_seconds(cost.digital_seconds() + learned.seconds);
    cost.set_operations(cost.operations() + learned.report.operations);
    add_up();
    const std::vector<v1::EpochMetrics> epochs = take_in(learned.report);
    ++step_;
    // An era that ended since then did so in the next step.
    const std::string why = measured_ ? "" : note_eras();
    keep(epochs, !why.empty());
    if (!why.empty()) {
        throw Error(Code::aborted, why);
    }
}

void Runner::perturb(const Plan& plan) {
    if (plan.stage != Stage::training && plan.stage != Stage::validating) {
        return;
    }
    const std::uint64_t epoch = reached(plan);
    std::map<std::string, const v1::PerturbSpec*> latest; // of those that are due, by rig
    for (const v1::PerturbSpec& perturb : options_.perturb) {
        const v1::PerturbSpec*& known = latest[perturb.rig()];
        if (perturb.at_epoch() <= epoch &&
            (known == nullptr || known->at_epoch() <= perturb.at_epoch())) {
            known = &perturb;
        }
    }
    for (const auto& [rig, perturb] : latest) {
        if (perturb != nullptr && !measurer_.perturbed(rig, perturb->fraction())) {
            measurer_.perturb(rig, perturb->fraction(), stop_, meanwhile(plan));
        }
    }
}

std::uint64_t Runner::reached(const Plan& plan) const {
    if (plan.stage != Stage::training && plan.stage != Stage::validating) {
        return last_epoch_;
    }
    // Where training starts over, what happened to a rig stays.
    return std::max<std::uint64_t>(last_epoch_, plan.overall_epoch + 1);
}

std::vector<v1::EpochMetrics> Runner::take_in(const training::StepReport& report) {
    std::vector<v1::EpochMetrics> epochs;
    if (report.loss) {
        progress_.set_loss(*report.loss);
    }
    if (report.epoch) {
        epochs.push_back(metrics_of(*report.epoch));
        if (report.epoch->train_accuracy) {
            progress_.set_train_accuracy(*report.epoch->train_accuracy);
        }
    }
    if (report.train_accuracy) {
        result_.set_train_accuracy(*report.train_accuracy);
    }
    if (report.test_accuracy) {
        result_.set_test_accuracy(*report.test_accuracy);
    }
    if (report.test_judgement) {
        *result_.mutable_test_judgement() = to_wire(*report.test_judgement);
    }
    return epochs;
}

std::string Runner::note_eras() {
    std::string why;
    bool ended = false;
    for (const v1::EraEnded& era : measurer_.take_ended_eras()) {
        ended = true;
        *result_.add_eras() = era;
        const bool too_many = measurer_.eras_ended() > options_.max_eras;
        if (!observer_.era(era, options_.holds || too_many)) {
            continue; // it was told, and somebody had a look, before an interruption
        }
        const std::string what =
            fmt::format("era {} of rig '{}' ended: {}", era.era(), era.rig(), era.why());
        if (options_.holds) {
            why = what + "; on_new_era is \"hold\"";
        } else if (too_many) {
            why =
                fmt::format("{}; more than {} eras have ended (max_eras)", what, options_.max_eras);
        }
    }
    if (ended && options_.starts_over) {
        scheme_.start_over();
        planned_.reset();
        // What was judged was judged by a network that goes on learning.
        result_.clear_train_accuracy();
        result_.clear_test_accuracy();
        result_.clear_test_judgement();
        first_step_ = step_;
        judging_ = false;
    }
    return why;
}

// ---- Checkpoints

void Runner::keep(const std::vector<v1::EpochMetrics>& epochs, bool at_once) {
    const std::uint64_t measured = result_.training_queries() + result_.evaluation_queries();
    const bool due = policy_ && policy_->due(epochs.size(), measured);
    if (!policy_ || judging_ || !(due || at_once)) {
        for (const v1::EpochMetrics& epoch : epochs) {
            observer_.epoch(epoch);
        }
        return;
    }
    make_checkpoint(position(), epochs);
    policy_->made(measured);
}

RunPosition Runner::position() const {
    RunPosition position;
    position.set_step(step_);
    position.set_first_step(first_step_);
    position.set_last_epoch(last_epoch_);
    *position.mutable_result() = result_;
    position.mutable_result()->set_active_seconds(active_seconds());
    // What is measured for the next step by now does not belong to it.
    const std::vector<DevicePosition> devices =
        measured_ ? measured_->devices : measurer_.positions();
    position.mutable_devices()->Add(devices.begin(), devices.end());
    position.set_overlap_seconds(overlap_seconds_);
    return position;
}

void Runner::make_checkpoint(RunPosition position, const std::vector<v1::EpochMetrics>& epochs) {
    kept_ = position.step();
    observer_.checkpoint({.position = std::move(position), .state = scheme_.state()}, epochs);
}

void Runner::leave() {
    // Planning changes nothing, so until it learns the scheme is what it was at the step's begin.
    if (begin_ && begin_->step() != kept_) {
        make_checkpoint(*std::exchange(begin_, std::nullopt), {});
    }
}

std::string weights_sha256(const std::vector<training::NamedArray>& network) {
    Sha256 sum;
    const auto add = [&](const auto* data, std::size_t count) {
        sum.add(std::as_bytes(std::span(data, count)));
    };
    for (const training::NamedArray& array : network) {
        add(array.name.c_str(), array.name.size() + 1);
        for (const std::size_t extent : array.shape) {
            const std::uint64_t word = extent;
            add(&word, 1);
        }
        add(array.values.data(), array.values.size());
    }
    return to_hex(sum.digest());
}

} // namespace phyll::runs
