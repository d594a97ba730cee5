#include "daemon/runs/clients/client_attempt.hpp"

#include "daemon/rig/either_stop.hpp"
#include "daemon/rig/evidence.hpp"
#include "daemon/runs/result_file.hpp"
#include "daemon/runs/result_totals.hpp"
#include "daemon/runs/spilling_bytes.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace phyll::runs {
namespace {

/// Whether what went wrong is the client's to mend: the run goes on.
bool is_the_clients(Code code) {
    return code == Code::invalid_argument || code == Code::out_of_range || code == Code::not_found;
}

} // namespace

ClientAttempt::ClientAttempt(const RunOrder& order, const RunSite& site, ClientDesk& desk,
                             std::stop_token stop, std::stop_token pause)
    : Workplace(order, site, std::move(stop), std::move(pause)), desk_(desk) {}

v1::RunResult ClientAttempt::run() {
    take_place();
    prepare();
    if (checkpoint_) {
        restore();
    }
    while (!closed_) {
        do_next();
    }
    if (!closed_->empty()) {
        throw Error(Code::failed_precondition, *closed_);
    }
    return finish();
}

void ClientAttempt::prepare() {
    measurer_ =
        std::make_unique<Measurer>(MeasurerOptions{.seed = order_.spec.seed(),
                                                   .reuse = order_.spec.training().reuse() == "run",
                                                   .bytes = spill_into(folder_),
                                                   .journal = journal_.get(),
                                                   .trouble = &holding_,
                                                   .pause = pause_,
                                                   .over = order_.over,
                                                   .clock = &site_.clock});
    for (const v1::RigConditions& rig : order_.conditions.rigs()) {
        measurer_->add_rig(rig.rig(), access_to(rig));
        v1::LayerCost& cost = *result_.add_layers();
        cost.set_layer(static_cast<std::uint32_t>(result_.layers_size()));
        cost.set_rig(rig.rig());
        result_.set_evidence(
            rig::weaker(result_.evidence(), rig::to_wire(measurer_->spec(rig.rig()).evidence)));
    }
}

void ClientAttempt::restore() {
    const RunPosition& position = checkpoint_->position;
    measurer_->restore(position.devices());
    result_ = position.result();
    step_ = position.step();
    state_ = position.client_state();
    tell(fmt::format("goes on from its client's checkpoint {}", step_));
    checkpoint_.reset();
}

void ClientAttempt::do_next() {
    const rig::EitherStop ends(stop_, pause_);
    std::optional<ClientDesk::Task> task = desk_.take(ends.token());
    if (!task) {
        throw Error(Code::cancelled, "the run was stopped");
    }
    std::exception_ptr failure;
    bool goes_on = true;
    try {
        task->work(*this);
    } catch (const Error& error) {
        failure = std::current_exception();
        goes_on = is_the_clients(error.code());
    } catch (...) {
        failure = std::current_exception();
        goes_on = false;
    }
    task->done(failure);
    if (!goes_on) {
        std::rethrow_exception(failure);
    }
}

ClientAttempt::Start ClientAttempt::start() const {
    return {.state = state_, .journaled = RunJournal::measurements(RunJournal::file_in(folder_))};
}

v1::LayerCost& ClientAttempt::cost_of(const std::string& rig) {
    for (v1::LayerCost& cost : *result_.mutable_layers()) {
        if (cost.rig() == rig) {
            return cost;
        }
    }
    throw Error(
        Code::not_found,
        fmt::format("run {} has no rig '{}': rigs are named when it is opened", order_.run, rig));
}

ClientAttempt::Answer ClientAttempt::query(const std::string& rig, ConstBlock stimuli,
                                           bool evaluation) {
    v1::LayerCost& cost = cost_of(rig);
    rig::check_block(measurer_->spec(rig), stimuli);
    const v1::LayerCost before = cost;
    Answer answer;
    answer.responses = measurer_->answer(
        rig,
        {.purpose = evaluation ? training::Purpose::evaluation : training::Purpose::training,
         .stimuli = stimuli},
        cost, stop_, {.after_query = [this] {
            add_up();
            v1::Progress progress;
            progress.set_stage("measuring for its client");
            progress.set_queries(result_.training_queries() + result_.evaluation_queries());
            progress.set_seconds_left(-1.0);
            *progress.mutable_so_far() = costs_of(result_);
            site_.progress(order_.run, progress);
        }});
    note_eras();
    const auto asked = [](const v1::LayerCost& of) {
        return of.training_queries() + of.evaluation_queries();
    };
    answer.recorded = cost.recorded() - before.recorded();
    answer.measured = asked(cost) - asked(before) - answer.recorded;
    answer.reused = cost.reused() - before.reused();
    answer.hardware_seconds = cost.hardware_seconds() - before.hardware_seconds();
    for (const DevicePosition& device : measurer_->positions()) {
        answer.era = device.rig() == rig ? device.era() : answer.era;
    }
    return answer;
}

/// Whoever drives the run is told by the era of each answer; nobody else has to look.
void ClientAttempt::note_eras() {
    for (const v1::EraEnded& era : measurer_->take_ended_eras()) {
        *result_.add_eras() = era;
        to_disk(
            [&] { return site_.store.add_era(order_.run, era, false, wall_seconds(site_.clock)); });
        site_.stored(order_.run);
    }
}

std::uint64_t ClientAttempt::log(const v1::LoggedMetrics& metrics) {
    const v1::Event event = to_disk(
        [&] { return site_.store.add_metrics(order_.run, metrics, wall_seconds(site_.clock)); });
    site_.stored(order_.run);
    return event.number();
}

std::uint64_t ClientAttempt::checkpoint(std::string state) {
    Checkpoint checkpoint;
    RunPosition& position = checkpoint.position;
    position.set_step(step_ + 1);
    add_up();
    *position.mutable_result() = result_;
    for (DevicePosition& device : measurer_->positions()) {
        *position.add_devices() = std::move(device);
    }
    position.set_client_state(std::move(state));
    keep_checkpoint(std::move(checkpoint), {});
    return ++step_;
}

void ClientAttempt::close(std::string failed) {
    closed_ = std::move(failed);
}

/// What the client computes is its own affair.
void ClientAttempt::add_up() {
    total_costs(result_);
    state_energy(result_, {.rigs = site_.power.rigs, .digital = std::nullopt});
}

v1::RunResult ClientAttempt::finish() {
    add_up();
    result_.set_kernel_level(site_.host.kernel_level);
    result_.set_cpu_model(site_.host.cpu_model);
    for (const v1::LayerCost& cost : result_.layers()) {
        if (const std::string& of = measurer_->spec(cost.rig()).evidence_of; !of.empty()) {
            result_.add_evidence_of(of);
        }
    }
    for (const std::string& rig : measurer_->unproven()) {
        result_.add_remarks(unproven_remark(rig));
    }
    to_disk([&] {
        journal_->close(stop_);
        write_file(folder_ / "result.json", to_json(result_));
    });
    return result_;
}

} // namespace phyll::runs
