#pragma once

#include "daemon/runs/contents/named_files.hpp"
#include "daemon/runs/result_totals.hpp"
#include "daemon/runs/state_dir.hpp"
#include "daemon/runs/store.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/core/workers.hpp"

#include <phyll/v1/runs.pb.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

namespace phyll::runs {

/// How an attempt at a run ended.
struct Outcome {
    /// SUCCEEDED, FAILED, HELD when a person has to look, PAUSED, or RUN_CANCELLED when it was
    /// stopped.
    v1::RunState state = v1::FAILED;
    std::string reason;
    v1::RunResult result; ///< when succeeded
};

/// The machine as far as results depend on it.
struct Host {
    std::string kernel_level; ///< instruction set of the numerics: "x86-64-v3"
    std::string cpu_model;
};

/// What runs need from the daemon; everything outlives them.
struct RunSite {
    Host host;
    Store& store;
    const StateDir& state;
    const Clock& clock;
    ReadFilesOf read;
    // A reload may change these while runs are under way: each attempt takes what it finds.
    std::atomic<std::uint64_t> max_journal_bytes; ///< of each run
    std::atomic<Seconds> hold_limit;              ///< how long a run is held before it fails
    StatedPower power{};                          ///< what energy is told from
    Workers* workers; ///< that share the numerical work; null: the run's thread alone
    /// Something about the run was stored; called on the run's thread.
    std::function<void(std::uint64_t run)> stored;
    /// The same, where the run was moved by its thread: to held, which tries again by itself, and
    /// why; or back to running.
    std::function<void(std::uint64_t run, v1::RunState state, const std::string& reason)> moved;
    std::function<void(std::uint64_t run, const v1::Progress&)> progress;
    /// The last word, after the rigs were made safe; called on the run's thread.
    std::function<void(std::uint64_t run, const Outcome&)> finished;
};

/// Seconds since 1970, UTC.
[[nodiscard]] double wall_seconds(const Clock& clock);

} // namespace phyll::runs
