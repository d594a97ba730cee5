#include "daemon/runs/runner.hpp"

#include "daemon/rig/evidence.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

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
    case Stage::testing:
        return "testing";
    }
    return "working";
}

} // namespace

Runner::Runner(training::Scheme& scheme, std::vector<std::string> rigs, Measurer& measurer,
               std::size_t epochs, const Clock& clock, RunObserver& observer)
    : scheme_(scheme),
      rigs_(std::move(rigs)),
      measurer_(measurer),
      epochs_(epochs),
      clock_(clock),
      observer_(observer),
      outlook_(scheme.outlook()) {
    for (std::size_t l = 0; l < rigs_.size(); ++l) {
        v1::LayerCost& cost = *result_.add_layers();
        cost.set_layer(static_cast<std::uint32_t>(l + 1));
        if (!rigs_[l].empty()) {
            cost.set_rig(rigs_[l]);
            note_recording(measurer_.spec(rigs_[l]).evidence_of);
            result_.set_evidence(
                rig::weaker(result_.evidence(), rig::to_wire(measurer_.spec(rigs_[l]).evidence)));
        }
    }
}

void Runner::note_recording(const std::string& recording) {
    const auto& known = result_.evidence_of();
    if (!recording.empty() && std::ranges::find(known, recording) == known.end()) {
        result_.add_evidence_of(recording);
    }
}

v1::RunResult Runner::run(std::stop_token stop) {
    stop_ = std::move(stop);
    started_ = last_progress_ = clock_.now();
    for (step_ = 0; step_ < scheme_.steps(); ++step_) {
        if (stop_.stop_requested()) {
            throw Error(Code::cancelled, "the run was stopped");
        }
        const Plan plan = scheme_.plan(step_);
        v1::LayerCost& cost = *result_.mutable_layers(static_cast<int>(plan.layer));
        cost.set_clipped(cost.clipped() + plan.clipped);
        cost.set_encoded(cost.encoded() + plan.encoded);
        report_progress(plan);
        const OwnedBlock responses = answer(plan);
        take_in(scheme_.learn(step_, plan, responses.view()));
    }
    result_.set_digital_seconds(
        std::max(0.0, Seconds(clock_.now() - started_).count() - result_.hardware_seconds()));
    result_.set_weights_sha256(weights_sha256(scheme_.network()));
    return result_;
}

OwnedBlock Runner::answer(const Plan& plan) {
    if (plan.stimuli.samples() == 0) {
        return {};
    }
    OwnedBlock responses =
        measurer_.answer(rigs_[plan.layer], plan.purpose, plan.stimuli.view(),
                         *result_.mutable_layers(static_cast<int>(plan.layer)), stop_, [&] {
                             add_up();
                             report_progress(plan);
                         });
    observer_.answered(plan, std::as_const(responses).view());
    return responses;
}

void Runner::take_in(const training::StepReport& report) {
    if (report.loss) {
        progress_.set_loss(*report.loss);
    }
    if (report.epoch) {
        report_epoch(*report.epoch);
    }
    if (report.train_accuracy) {
        result_.set_train_accuracy(*report.train_accuracy);
    }
    if (report.test_accuracy) {
        result_.set_test_accuracy(*report.test_accuracy);
    }
}

void Runner::add_up() {
    result_.set_training_queries(0);
    result_.set_evaluation_queries(0);
    result_.set_hardware_seconds(0.0);
    result_.set_nominal_seconds(0.0);
    for (const v1::LayerCost& cost : result_.layers()) {
        result_.set_training_queries(result_.training_queries() + cost.training_queries());
        result_.set_evaluation_queries(result_.evaluation_queries() + cost.evaluation_queries());
        result_.set_hardware_seconds(result_.hardware_seconds() + cost.hardware_seconds());
        result_.set_nominal_seconds(result_.nominal_seconds() + cost.nominal_seconds());
    }
}

void Runner::report_epoch(const training::EpochReport& epoch) {
    v1::EpochMetrics metrics;
    metrics.set_layer(static_cast<std::uint32_t>(epoch.layer + 1));
    metrics.set_layers(static_cast<std::uint32_t>(rigs_.size()));
    metrics.set_epoch(static_cast<std::uint32_t>(epoch.epoch + 1));
    metrics.set_epochs(static_cast<std::uint32_t>(epochs_));
    metrics.set_step(step_);
    metrics.set_loss(epoch.loss);
    metrics.set_pair_accuracy(epoch.pair_accuracy);
    if (epoch.train_accuracy) {
        metrics.set_train_accuracy(*epoch.train_accuracy);
        progress_.set_train_accuracy(*epoch.train_accuracy);
    }
    metrics.set_training_queries(result_.training_queries());
    metrics.set_evaluation_queries(result_.evaluation_queries());
    metrics.set_hardware_seconds(result_.hardware_seconds());
    observer_.epoch(metrics);
}

void Runner::report_progress(const Plan& plan) {
    const Clock::Monotonic now = clock_.now();
    if (step_ > 0 && now - last_progress_ < progress_interval) {
        return;
    }
    last_progress_ = now;
    progress_.set_stage(describe(plan));
    progress_.set_layer(static_cast<std::uint32_t>(plan.layer + 1));
    progress_.set_layers(static_cast<std::uint32_t>(rigs_.size()));
    progress_.set_epoch(static_cast<std::uint32_t>(plan.epoch + 1));
    progress_.set_epochs(static_cast<std::uint32_t>(epochs_));
    progress_.set_queries(result_.training_queries() + result_.evaluation_queries());
    const double left = seconds_left();
    const double spent = Seconds(now - started_).count();
    progress_.set_seconds_left(left);
    progress_.set_fraction(left < 0 ? 0.0 : spent / (spent + left));
    observer_.progress(progress_);
}

double Runner::seconds_left() const {
    // What is left to measure at the pace so far, and what is left to compute at the pace so far.
    if (step_ == 0) {
        return -1.0;
    }
    double queries = 0;
    for (const training::LayerOutlook& layer : outlook_) {
        queries += static_cast<double>(layer.training_queries + layer.evaluation_queries);
    }
    const auto done =
        static_cast<double>(result_.training_queries() + result_.evaluation_queries());
    const double hardware = result_.hardware_seconds();
    const double digital = Seconds(clock_.now() - started_).count() - hardware;
    const double per_query = done > 0 ? hardware / done : 0.0;
    const double per_step = digital / static_cast<double>(step_);
    return std::max(0.0, queries - done) * per_query +
           static_cast<double>(scheme_.steps() - step_) * per_step;
}

std::string weights_sha256(const std::vector<training::NamedArray>& network) {
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    const auto add = [&](const void* data, std::size_t bytes) {
        crypto_hash_sha256_update(&state, static_cast<const unsigned char*>(data), bytes);
    };
    for (const training::NamedArray& array : network) {
        add(array.name.c_str(), array.name.size() + 1);
        for (const std::size_t extent : array.shape) {
            const std::uint64_t word = extent;
            add(&word, sizeof word);
        }
        add(array.values.data(), array.values.size() * sizeof(float));
    }
    std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
    crypto_hash_sha256_final(&state, digest.data());
    return fmt::format("{:02x}", fmt::join(digest, ""));
}

} // namespace phyll::runs
