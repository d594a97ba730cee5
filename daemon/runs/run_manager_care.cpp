// Runs that were interrupted, are held, or are run again, as the run manager keeps them.

#include "daemon/runs/measuring/run_journal.hpp"
#include "daemon/runs/run_manager.hpp"
#include "daemon/runs/run_state.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

namespace phyll::runs {
namespace {

/// A run under which the daemon dies so often, and never gets anywhere, is what kills it.
constexpr std::uint32_t most_fruitless = 3;
constexpr const char* waits_for_client = "phylld was away; its client goes on by opening it again";

} // namespace

void RunManager::recover() {
    // First of all, so that nobody else gets the rigs that they did not give up.
    for (const std::uint64_t run : store_.in_state({v1::PAUSED})) {
        const Active& paused = active(run);
        if (!paused.control.released() && !paused.rigs.empty() && !paused.control.is_clients()) {
            enqueue(run);
        }
    }
    const std::vector<std::uint64_t> under_way = store_.in_state({v1::RUNNING, v1::HELD});
    const bool unforeseen = std::ranges::any_of(under_way, [&](std::uint64_t run) {
        const v1::RunInfo info = store_.run(run).value().info;
        return info.state() == v1::RUNNING || !info.waits();
    });
    for (const std::uint64_t run : under_way) {
        recover(run);
    }
    recover_queued(unforeseen);
    remove_folders(); // of removals that were broken off
    remove_expired();
}

void RunManager::recover_queued(bool unforeseen) {
    for (const std::uint64_t run : store_.in_state({v1::QUEUED})) {
        const std::string wait = store_.run(run)->info.kind() == v1::CLIENT ? waits_for_client
                                 : unforeseen                               ? why_wait(run)
                                                                            : "";
        if (wait.empty()) {
            enqueue(run);
        } else {
            store_.wait_for_person(run, wait, wall_seconds(clock_));
        }
    }
}

std::string RunManager::why_wait(std::uint64_t run) const {
    const RunRecord record = store_.run(run).value();
    const std::vector<std::string> rigs = attended(record.spec);
    if (record.info.replay_of() != 0 || rigs.empty()) {
        return {};
    }
    return fmt::format("phylld went away while runs were under way, and somebody may be at {}: "
                       "look, then phyllctl run resume {}",
                       fmt::join(rigs, ", "), run);
}

std::vector<std::string> RunManager::attended(const v1::RunSpec& spec) const {
    std::vector<std::string> rigs;
    for (const std::string& name : rigs_of(spec)) {
        const auto found = premises_.rigs.find(name);
        if (found == premises_.rigs.end()) {
            continue; // it is gone, and the run fails for that
        }
        const v1::RigConfig& config = found->second;
        const bool hardware = lab_.rig(name).spec().evidence == Evidence::hardware;
        if (config.has_unattended() ? !config.unattended() : hardware) {
            rigs.push_back(name);
        }
    }
    return rigs;
}

void RunManager::recover(std::uint64_t run) {
    const double now = wall_seconds(clock_);
    const v1::RunInfo before = store_.run(run).value().info;
    if (before.kind() == v1::RECORDING) {
        store_.change_state(run, v1::FAILED, "phylld went away under it; what it kept is there",
                            now);
        return;
    }
    if (before.state() == v1::HELD && before.waits()) {
        static_cast<void>(active(run)); // it was not under way, but may hear that it may go on
        return;
    }
    std::string wait = why_wait(run);
    if (before.waits()) {
        wait = fmt::format("an era of a rig ended, and phylld went away before anybody could look: "
                           "look, then phyllctl run resume {}",
                           run);
    }
    if (before.kind() == v1::CLIENT) {
        wait = waits_for_client;
    }
    const bool replays = before.replay_of() != 0; // it has nothing of its own to get anywhere with
    store_.interrupted(run, "phylld went away under it", now,
                       replays ? std::nullopt
                               : std::optional(RunJournal::measurements(
                                     RunJournal::file_in(state_.folder_of(run)))),
                       wait);
    if (store_.run(run)->info.fruitless() < most_fruitless) {
        spdlog::warn("run {} was under way when phylld went away; it {}", run,
                     wait.empty() ? "goes on" : "waits for a person");
        return;
    }
    const std::string reason = fmt::format("phylld went away under it {} times in a row without a "
                                           "new measurement: the log may say why",
                                           most_fruitless);
    store_.change_state(run, v1::FAILED, reason, now);
    spdlog::error("run {} is given up: {}", run, reason);
}

RunRecord RunManager::get_over(std::uint64_t run, const char* what) const {
    RunRecord record = get(run);
    if (!is_final(record.info.state())) {
        throw Error(Code::failed_precondition,
                    fmt::format("run {} is {}: only a run that is over can be {}", run,
                                name_of(record.info.state()), what));
    }
    return record;
}

std::uint64_t RunManager::replay(const v1::ReplayRequest& request, const std::string& caller) {
    const RunRecord source = get_over(request.run(), "replayed");
    const std::filesystem::path folder = state_.folder_of(request.run());
    if (!std::filesystem::exists(RunJournal::file_in(folder))) {
        throw Error(
            Code::failed_precondition,
            fmt::format("run {} has no journal, so there is nothing to replay", request.run()));
    }
    v1::RunInfo info;
    info.set_name(request.name().empty() ? source.info.name() : request.name());
    info.set_note(request.note().empty() ? fmt::format("replay of run {}", request.run())
                                         : request.note());
    info.set_submitted_by(caller);
    info.set_test_data(source.info.test_data());
    *info.mutable_overrides() = source.info.overrides();
    *info.mutable_conditions() = source.info.conditions();
    *info.mutable_files() = source.info.files();
    info.set_replay_of(request.run());
    return submit(info, source.spec, read_file(folder / "run.toml"), request.idempotency_key());
}

std::uint64_t RunManager::retry(const v1::RetryRequest& request, const std::string& caller) {
    const RunRecord source = get_over(request.run(), "tried again");
    if (source.info.replay_of() != 0) {
        throw Error(Code::failed_precondition,
                    fmt::format("run {0} is a replay of run {1}: phyllctl run replay {1} does that "
                                "again",
                                request.run(), source.info.replay_of()));
    }
    if (source.info.kind() != v1::TRAINING) {
        throw Error(Code::failed_precondition,
                    fmt::format("run {} has no run file to be tried again", request.run()));
    }
    for (const std::string& rig : rigs_of(source.spec)) {
        static_cast<void>(lab_.rig(rig));
    }
    check_calibrated(source.spec);
    v1::RunInfo info;
    info.set_name(request.name().empty() ? source.info.name() : request.name());
    info.set_note(request.note().empty() ? source.info.note() : request.note());
    info.set_submitted_by(caller);
    info.set_test_data(source.info.test_data());
    info.set_priority(source.info.priority());
    *info.mutable_overrides() = overrides_of(source.info);
    *info.mutable_files() = source.info.files();
    info.set_retry_of(request.run());
    return submit(info, source.spec, read_file(state_.folder_of(request.run()) / "run.toml"),
                  request.idempotency_key());
}

google::protobuf::RepeatedPtrField<std::string>
RunManager::overrides_of(const v1::RunInfo& info) const {
    if (info.group() == 0) {
        return info.overrides();
    }
    auto all = store_.group(info.group()).value().info.overrides();
    all.MergeFrom(info.overrides());
    *all.Add() = fmt::format("seed={}", info.seed());
    return all;
}

void RunManager::check_calibrated(const std::set<std::string>& names) const {
    for (const auto& rig : lab_.rigs()) { // one that is not there is somebody else's to refuse
        const auto calibration = rig->calibration();
        if (!calibration || std::ranges::find(names, rig->name()) == names.end()) {
            continue;
        }
        if (const std::string refusal = calibration->refusal(); !refusal.empty()) {
            throw Error(Code::failed_precondition,
                        fmt::format("rig '{}': {}", rig->name(), refusal));
        }
    }
}

void RunManager::check_lender(const v1::RunSpec& spec) const {
    const std::uint64_t run = spec.training().reuse_from();
    if (run == 0) {
        return;
    }
    const std::optional<RunRecord> other = store_.run(run);
    if (!other || !is_final(other->info.state())) {
        throw invalid_field("training.reuse_from",
                            other
                                ? fmt::format("run {} is {}; only a run that is over can be reused",
                                              run, name_of(other->info.state()))
                                : fmt::format("there is no run {}", run));
    }
}

} // namespace phyll::runs
