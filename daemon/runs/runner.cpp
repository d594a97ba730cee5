#include "daemon/runs/runner.hpp"

#include "daemon/rig/evidence.hpp"
#include "daemon/runs/job.hpp"
#include "daemon/runs/result_totals.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/readers/sha256.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <span>
#include <utility>

namespace phyll::runs {
namespace {

using namespace std::chrono_literals;
using training::Plan;
using training::Stage;

constexpr auto progress_interval = 100ms;

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

std::string describe(const Plan& plan) {
    switch (plan.stage) {
    case Stage::measuring:
        return fmt::format("measuring layer {}", plan.layer + 1);
    case Stage::training:
        return fmt::format("training layer {}", plan.layer + 1);
    case Stage::testing:
        return "testing";
    }
    return "working";
}

} // namespace

RunnerOptions runner_options(const v1::RunSpec& spec, std::vector<std::string> rigs) {
    const bool greedy = spec.training().schedule() == "greedy";
    const std::string& on_new_era = spec.sentinels().on_new_era();
    return {.rigs = std::move(rigs),
            .epochs = spec.training().epochs(),
            .repeats = repeats_of(spec),
            .greedy = greedy,
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

void Runner::note_evidence_of() {
    const auto& known = result_.evidence_of();
    for (const std::string& rig : options_.rigs) {
        const std::string of = rig.empty() ? "" : measurer_.spec(rig).evidence_of;
        if (!of.empty() && std::ranges::find(known, of) == known.end()) {
            result_.add_evidence_of(of);
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
}

v1::RunResult Runner::run(std::stop_token stop, std::stop_token pause) {
    stop_ = std::move(stop);
    pause_ = std::move(pause);
    started_ = last_progress_ = clock_.now();
    held_before_ = options_.held_for ? options_.held_for() : Seconds{};
    if (options_.checkpoints) {
        policy_.emplace(*options_.checkpoints, clock_);
        policy_->made(result_.training_queries() + result_.evaluation_queries());
    }
    while (step_ - first_step_ < scheme_.steps()) {
        begin_ = policy_ && !judging_ ? std::optional(position()) : std::nullopt;
        try {
            if (stop_.stop_requested() || pause_.stop_requested()) {
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

void Runner::take_step() {
    const std::uint64_t step = step_ - first_step_;
    const Clock::Monotonic begun = clock_.now();
    const Plan plan = scheme_.plan(step);
    add_digital(plan, begun);
    v1::LayerCost& cost = *result_.mutable_layers(static_cast<int>(plan.layer));
    cost.set_clipped(cost.clipped() + plan.clipped);
    cost.set_encoded(cost.encoded() + plan.encoded);
    judging_ = judging_ || !plan.samples.empty();
    report_progress(plan);
    perturb(plan);
    const OwnedBlock responses = answer(plan);
    begin_.reset(); // from here on the scheme is another one
    const Clock::Monotonic answered = clock_.now();
    const training::StepReport report = scheme_.learn(step, plan, responses.view());
    add_digital(plan, answered);
    cost.set_operations(cost.operations() + report.operations);
    add_up();
    const std::vector<v1::EpochMetrics> epochs = take_in(report);
    ++step_;
    const std::string why = note_eras();
    keep(epochs, !why.empty());
    if (!why.empty()) {
        throw Error(Code::aborted, why);
    }
}

void Runner::perturb(const Plan& plan) {
    if (plan.stage != Stage::training) {
        return;
    }
    // Greedy: the epochs of a layer follow those of the one before.
    const std::uint64_t epoch = plan.epoch + (options_.greedy ? plan.layer * options_.epochs : 0);
    // Where training starts over, what happened to a rig stays.
    last_epoch_ = std::max(last_epoch_, epoch + 1);
    std::map<std::string, const v1::PerturbSpec*> latest; // of those that are due, by rig
    for (const v1::PerturbSpec& perturb : options_.perturb) {
        const v1::PerturbSpec*& known = latest[perturb.rig()];
        if (perturb.at_epoch() <= last_epoch_ &&
            (known == nullptr || known->at_epoch() <= perturb.at_epoch())) {
            known = &perturb;
        }
    }
    for (const auto& [rig, perturb] : latest) {
        if (perturb != nullptr && !measurer_.perturbed(rig, perturb->fraction())) {
            measurer_.perturb(rig, perturb->fraction(), stop_);
        }
    }
}

OwnedBlock Runner::answer(const Plan& plan) {
    if (plan.stimuli.samples() == 0) {
        return {};
    }
    OwnedBlock responses =
        measurer_.answer(options_.rigs[plan.layer],
                         {.purpose = plan.purpose,
                          .stimuli = plan.stimuli.view(),
                          .origins = plan.origins,
                          .on_test = plan.on_test},
                         *result_.mutable_layers(static_cast<int>(plan.layer)), stop_, [&] {
                             add_up();
                             report_progress(plan);
                         });
    observer_.answered(plan, std::as_const(responses).view());
    return responses;
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
        // What was judged was judged by a network that goes on learning.
        result_.clear_train_accuracy();
        result_.clear_test_accuracy();
        result_.clear_test_judgement();
        first_step_ = step_;
        judging_ = false;
    }
    return why;
}

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
    for (DevicePosition& device : measurer_.positions()) {
        *position.add_devices() = std::move(device);
    }
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

void Runner::add_digital(const Plan& plan, Clock::Monotonic since) {
    v1::LayerCost& cost = *result_.mutable_layers(static_cast<int>(plan.layer));
    cost.set_digital_seconds(cost.digital_seconds() + Seconds(clock_.now() - since).count());
}

double Runner::active_seconds() const {
    const Seconds held = options_.held_for ? options_.held_for() - held_before_ : Seconds{};
    const Seconds active = clock_.now() - started_ - held;
    return active_before_ + std::max(0.0, active.count());
}

double Runner::computing_seconds() const {
    return std::max(0.0, active_seconds() - result_.wait_seconds());
}

void Runner::add_up() {
    note_evidence_of(); // what a rig is made of may be known only once it has measured
    total_up();
}

void Runner::total_up() {
    total_costs(result_);
    state_energy(result_, options_.power);
    result_.set_active_seconds(active_seconds());
}

v1::EpochMetrics Runner::metrics_of(const training::EpochReport& epoch) const {
    v1::EpochMetrics metrics;
    metrics.set_layer(static_cast<std::uint32_t>(epoch.layer + 1));
    metrics.set_layers(static_cast<std::uint32_t>(options_.rigs.size()));
    metrics.set_epoch(static_cast<std::uint32_t>(epoch.epoch + 1));
    metrics.set_epochs(static_cast<std::uint32_t>(options_.epochs));
    metrics.set_step(step_);
    metrics.set_loss(epoch.loss);
    metrics.set_pair_accuracy(epoch.pair_accuracy);
    if (epoch.train_accuracy) {
        metrics.set_train_accuracy(*epoch.train_accuracy);
    }
    metrics.set_training_queries(result_.training_queries());
    metrics.set_evaluation_queries(result_.evaluation_queries());
    metrics.set_hardware_seconds(result_.hardware_seconds());
    metrics.set_sentinel_queries(result_.sentinel_queries());
    metrics.set_reused(result_.reused());
    metrics.set_digital_seconds(result_.digital_seconds());
    metrics.set_wait_seconds(result_.wait_seconds());
    metrics.set_active_seconds(result_.active_seconds());
    metrics.set_operations(result_.operations());
    if (result_.has_hardware_joules()) {
        metrics.set_hardware_joules(result_.hardware_joules());
    }
    if (result_.has_digital_joules()) {
        metrics.set_digital_joules(result_.digital_joules());
    }
    return metrics;
}

void Runner::report_progress(const Plan& plan) {
    const Clock::Monotonic now = clock_.now();
    if (step_ > 0 && now - last_progress_ < progress_interval) {
        return;
    }
    last_progress_ = now;
    total_up();
    progress_.set_stage(describe(plan));
    progress_.set_layer(static_cast<std::uint32_t>(plan.layer + 1));
    progress_.set_layers(static_cast<std::uint32_t>(options_.rigs.size()));
    progress_.set_epoch(static_cast<std::uint32_t>(plan.epoch + 1));
    progress_.set_epochs(static_cast<std::uint32_t>(options_.epochs));
    progress_.set_queries(result_.training_queries() + result_.evaluation_queries());
    const double left = seconds_left();
    const double spent = computing_seconds() + result_.hardware_seconds();
    progress_.set_seconds_left(left);
    progress_.set_fraction(left < 0 ? 0.0 : spent / (spent + left));
    *progress_.mutable_so_far() = costs_of(result_);
    observer_.progress(progress_);
}

double Runner::seconds_left() const {
    // What is left to measure at the pace so far, and what is left to compute at the pace so far.
    if (step_ == 0) {
        return -1.0;
    }
    double queries = 0;
    for (const training::LayerOutlook& layer : outlook_) {
        queries += static_cast<double>(options_.repeats) *
                   static_cast<double>(layer.training_queries + layer.evaluation_queries);
    }
    const auto done =
        static_cast<double>(result_.training_queries() + result_.evaluation_queries());
    const double hardware = result_.hardware_seconds();
    const double per_query = done > 0 ? hardware / done : 0.0;
    const double per_step = computing_seconds() / static_cast<double>(step_);
    return std::max(0.0, queries - done) * per_query +
           static_cast<double>(scheme_.steps() - (step_ - first_step_)) * per_step;
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
