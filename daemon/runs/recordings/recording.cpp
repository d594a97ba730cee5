#include "daemon/runs/recordings/recording.hpp"

#include "daemon/runs/rigs_file.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/readers/sha256.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>
#include <vector>

namespace phyll::runs {
namespace {

/// A recording asks for nothing: its spec says which rig it was made of.
v1::RunSpec spec_of(const RecordingOrder& order, const std::string& rig) {
    v1::RunSpec spec;
    spec.set_name(order.name);
    spec.set_note(order.note);
    spec.add_rigs()->set_name(rig);
    return spec;
}

v1::RunInfo info_of(const RecordingOrder& order, const std::string& rig, double now) {
    v1::RunInfo info;
    info.set_kind(v1::RECORDING);
    info.set_name(order.name.empty() ? "stream" : order.name);
    info.set_note(order.note);
    info.set_submitted_by(order.by);
    info.set_submitted(now);
    info.add_rigs(rig);
    return info;
}

} // namespace

Recording::Recording(const RecordingOrder& order, rig::RigThread& rig, v1::Conditions conditions,
                     const RunSite& site)
    : rig_(rig), site_(site), key_(order.key) {
    const double now = wall_seconds(site_.clock);
    run_ = site_.store.add_run(info_of(order, rig.name(), now), spec_of(order, rig.name()), "");
    try {
        site_.store.started(run_, conditions, now);
        begin_journal(conditions);
    } catch (const Error& error) {
        site_.store.change_state(run_, v1::FAILED, error.what(), now);
        throw;
    }
    site_.stored(run_);
    thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

Recording::~Recording() {
    if (thread_.joinable()) {
        thread_.request_stop();
        thread_.join();
    }
    if (!ended_) {
        end("phylld was stopped");
    }
}

void Recording::begin_journal(const v1::Conditions& conditions) {
    const std::filesystem::path folder = site_.state.run(run_);
    RunJournalOptions options{.path = RunJournal::file_in(folder),
                              .run = run_,
                              .configuration_hash =
                                  sha256_of(conditions.rigs(0).configuration_sha256()),
                              .kernel_level = site_.host.kernel_level,
                              .rigs = {{rig_.name(), &rig_.spec()}},
                              .max_bytes = site_.max_journal_bytes};
    write_rigs(folder / rigs_file_name, options.rigs);
    journal_ = std::make_unique<RunJournal>(options, site_.clock);
}

void Recording::keep(std::shared_ptr<rig::Measurement> measurement, std::uint64_t number,
                     Done done) {
    post([this, measurement = std::move(measurement), number] { write(*measurement, number); },
         std::move(done));
}

void Recording::mark(std::uint64_t number, std::uint64_t samples, std::string why, Done done) {
    post(
        [this, number, samples, why = std::move(why)] {
            journal_->mark({.kind = journal::MarkKind::note,
                            .number = number,
                            .era = static_cast<std::uint32_t>(rig_.era()),
                            .text = fmt::format("{} samples are missing: {}", samples, why)},
                           rig_.name(), {});
        },
        std::move(done));
}

void Recording::close(std::optional<std::string> failure, Done done) {
    post([this, failure = std::move(failure)] { end(failure); }, std::move(done));
}

void Recording::post(Task task, Done done) {
    {
        const std::lock_guard lock(mutex_);
        tasks_.emplace_back(std::move(task), std::move(done));
    }
    changed_.notify_all();
}

void Recording::work(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [this] { return !tasks_.empty(); })) {
        auto [task, done] = std::move(tasks_.front());
        tasks_.pop_front();
        lock.unlock();
        std::exception_ptr failure;
        try {
            task();
        } catch (...) {
            failure = std::current_exception();
        }
        done(std::move(failure));
        lock.lock();
    }
}

void Recording::write(const rig::Measurement& measurement, std::uint64_t number) {
    const ConstBlock stimuli = measurement.stimuli.view();
    std::vector<StimulusHash> hashes(stimuli.samples());
    for (std::size_t i = 0; i < hashes.size(); ++i) {
        hashes[i] = hash_stimulus(rig_.spec(), stimuli.sample(i));
    }
    OwnedBlock responses(measurement.responses.channels(), measurement.responses.samples());
    std::ranges::copy(measurement.responses.view().values(), responses.view().data());
    journal_->keep({.rig = rig_.name(),
                    .purpose = journal::Purpose::direct,
                    .key = key_,
                    .number = number,
                    .age = measurement.context.age,
                    .era = rig_.era(),
                    .layer = journal::no_layer,
                    .stimuli = stimuli,
                    .hashes = hashes,
                    .responses = responses.view()},
                   measurement.times, {});
}

void Recording::end(const std::optional<std::string>& failure) {
    ended_ = true;
    std::optional<std::string> why = failure;
    try {
        journal_->close({});
    } catch (const Error& error) {
        why = fmt::format("the journal could not be finished: {}", error.what());
    }
    try {
        site_.store.change_state(run_, why ? v1::FAILED : v1::SUCCEEDED, why.value_or(""),
                                 wall_seconds(site_.clock));
        site_.stored(run_);
    } catch (const Error& error) {
        spdlog::error("how recording {} ended could not be stored: {}", run_, error.what());
    }
}

} // namespace phyll::runs
