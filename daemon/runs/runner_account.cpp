// What a run has cost so far, and how far it is.

#include "daemon/runs/result_totals.hpp"
#include "daemon/runs/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace phyll::runs {
namespace {

using namespace std::chrono_literals;
using training::Plan;
using training::Stage;

constexpr auto progress_interval = 100ms;

std::string describe(const Plan& plan) {
    switch (plan.stage) {
    case Stage::measuring:
        return fmt::format("measuring layer {}", plan.layer + 1);
    case Stage::training:
        return fmt::format("training layer {}", plan.layer + 1);
    case Stage::validating:
        return "validating";
    case Stage::testing:
        return "testing";
    }
    return "working";
}

} // namespace

v1::LayerCost& Runner::cost_of(const Plan& plan) {
    return *result_.mutable_layers(static_cast<int>(plan.layer));
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

void Runner::add_up() {
    note_evidence_of(); // what a rig is made of may be known only once it has measured
    total_costs(result_);
    state_energy(result_, options_.power);
    result_.set_active_seconds(active_seconds());
}

v1::RunResult Runner::so_far() const {
    v1::RunResult costs;
    *costs.mutable_layers() = result_.layers();
    if (measured_) {
        const auto layer = static_cast<int>(measured_->planned.plan.layer);
        add_cost(*costs.mutable_layers(layer), measured_->cost);
    }
    total_costs(costs);
    state_energy(costs, options_.power);
    costs.set_active_seconds(active_seconds());
    return costs;
}

double Runner::active_seconds() const {
    const Seconds held = options_.held_for ? options_.held_for() - held_before_ : Seconds{};
    const Seconds active = clock_.now() - started_ - held;
    return active_before_ + std::max(0.0, active.count());
}

double Runner::computing_seconds(const v1::RunResult& costs) const {
    return std::max(0.0, active_seconds() - costs.wait_seconds() - overlap_seconds_);
}

Seconds Runner::waited(Clock::Monotonic from, Clock::Monotonic to) {
    Seconds waited(to - from);
    if (learning_) {
        waited = side_.busy() ? Seconds{}
                              : std::max(Seconds{}, Seconds(to - std::max(from, learning_->over)));
        overlap_seconds_ += (Seconds(to - from) - waited).count();
    }
    return waited;
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
    if (epoch.validation_accuracy) {
        metrics.set_validation_accuracy(*epoch.validation_accuracy);
    }
    if (epoch.validation_accuracy_before) {
        metrics.set_validation_accuracy_before(*epoch.validation_accuracy_before);
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
    if (step_ > 0 && last_progress_ && now - *last_progress_ < progress_interval) {
        return;
    }
    last_progress_ = now;
    const v1::RunResult costs = so_far();
    progress_.set_stage(describe(plan));
    progress_.set_layer(static_cast<std::uint32_t>(plan.layer + 1));
    progress_.set_layers(static_cast<std::uint32_t>(options_.rigs.size()));
    progress_.set_epoch(static_cast<std::uint32_t>(plan.epoch + 1));
    progress_.set_epochs(static_cast<std::uint32_t>(options_.epochs));
    progress_.set_queries(costs.training_queries() + costs.evaluation_queries());
    const double left = seconds_left(costs);
    const double spent = computing_seconds(costs) + costs.hardware_seconds();
    progress_.set_seconds_left(left);
    progress_.set_fraction(left < 0 ? 0.0 : spent / (spent + left));
    *progress_.mutable_so_far() = costs;
    observer_.progress(progress_);
}

double Runner::seconds_left(const v1::RunResult& costs) const {
    // What is left to measure at the pace so far, and what is left to compute at the pace so far.
    if (step_ == 0) {
        return -1.0;
    }
    double queries = 0;
    for (const training::LayerOutlook& layer : outlook_) {
        queries += static_cast<double>(options_.repeats) *
                   static_cast<double>(layer.training_queries + layer.evaluation_queries);
    }
    const auto done = static_cast<double>(costs.training_queries() + costs.evaluation_queries());
    const double per_query = done > 0 ? costs.hardware_seconds() / done : 0.0;
    const double per_step = computing_seconds(costs) / static_cast<double>(step_);
    return std::max(0.0, queries - done) * per_query +
           static_cast<double>(steps_ - (step_ - first_step_)) * per_step;
}

} // namespace phyll::runs
