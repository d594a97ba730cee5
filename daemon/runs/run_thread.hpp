#pragma once

#include "daemon/rig/rig_thread.hpp"
#include "daemon/runs/job.hpp"
#include "daemon/runs/run_journal.hpp"
#include "daemon/runs/runner.hpp"
#include "daemon/runs/state_dir.hpp"
#include "daemon/runs/store.hpp"

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

namespace phyll::runs {

/// How a run's thread ended.
struct Outcome {
    v1::RunState state = v1::FAILED; ///< SUCCEEDED, FAILED, or RUN_CANCELLED when it was stopped
    std::string reason;
    v1::RunResult result; ///< when succeeded
};

/// The machine as far as results depend on it.
struct Host {
    std::string kernel_level; ///< instruction set of the numerics: "x86-64-v3"
    std::string cpu_model;
};

/// What a run's thread needs from the daemon; everything outlives the thread.
struct RunSite {
    Host host;
    Store& store;
    const StateDir& state;
    const Clock& clock;
    FileReader read;
    std::uint64_t max_journal_bytes; ///< of each run
    Workers* workers; ///< that share the numerical work; null: the run's thread alone
    /// Something about the run was stored; called on the run's thread.
    std::function<void(std::uint64_t run)> stored;
    std::function<void(std::uint64_t run, const v1::Progress&)> progress;
    /// The last word, after the rigs were made safe; called on the run's thread.
    std::function<void(std::uint64_t run, const Outcome&)> finished;
};

/// A training run on a thread of its own, on rigs that are leased for it.
/// Destruction stops it and joins.
class RunThread {
  public:
    /// `conditions` are those of the run's first start: the age that each rig had then is what the
    /// run counts from, however often it goes on.
    RunThread(std::uint64_t run, v1::RunSpec spec, std::map<std::string, rig::RigThread*> rigs,
              v1::Conditions conditions, const RunSite& site);

    /// Ends the run at its next step, and the query under way at once.
    void stop() { thread_.request_stop(); }

  private:
    void work(const std::stop_token& stop);
    Outcome train(const std::stop_token& stop);
    [[nodiscard]] std::unique_ptr<RunJournal> open_journal(const std::filesystem::path& folder);

    const std::uint64_t run_;
    const v1::RunSpec spec_;
    const std::map<std::string, rig::RigThread*> rigs_;
    const v1::Conditions conditions_;
    const RunSite& site_;
    std::jthread thread_;
};

/// Seconds since 1970, UTC.
[[nodiscard]] double wall_seconds(const Clock& clock);

} // namespace phyll::runs
