#pragma once

#include "daemon/rig/rig_thread.hpp"
#include "daemon/runs/measuring/run_journal.hpp"
#include "daemon/runs/run_site.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace phyll::runs {

/// What is to be recorded.
struct RecordingOrder {
    std::string name;
    std::string note;
    std::string by; ///< who asked for it
    std::uint64_t key = 0;
};

/// What a client streams through a rig, kept as it is measured: a run of the kind RECORDING, with a
/// journal like any other, which is over when the stream is. It holds no lease: the stream has one.
///
/// Writing is done on a thread of its own, which calls back; at most as much waits for it as the
/// stream has on its way. Thread rule: one thread, but for the callbacks.
class Recording {
  public:
    /// Stores the run and begins its journal. Both outlive this. Throws what the store and the
    /// journal throw; then the run that was begun has failed.
    Recording(const RecordingOrder& order, rig::RigThread& rig, v1::Conditions conditions,
              const RunSite& site);
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;
    /// A recording that was not closed has failed: phylld went away under it, or its stream.
    ~Recording();

    [[nodiscard]] std::uint64_t run() const noexcept { return run_; }

    using Done = std::function<void(std::exception_ptr)>;
    /// Keeps a block that was measured, whose first sample has this number; it is not changed until
    /// `done` is called, on the recording's thread.
    void keep(std::shared_ptr<rig::Measurement> measurement, std::uint64_t number, Done done);
    /// Notes that the samples from that number on are missing, and why; in its turn, as `keep`.
    void mark(std::uint64_t number, std::uint64_t samples, std::string why, Done done);
    /// The stream is over: well, or not, and then why. What was kept is on the disk when `done` is
    /// called, on the recording's thread.
    void close(std::optional<std::string> failure, Done done);

  private:
    using Task = std::function<void()>;

    void begin_journal(const v1::Conditions& conditions);
    void post(Task task, Done done);
    void work(const std::stop_token& stop);
    void write(const rig::Measurement& measurement, std::uint64_t number);
    void end(const std::optional<std::string>& failure);

    rig::RigThread& rig_;
    const RunSite& site_;
    const std::uint64_t key_;
    std::uint64_t run_ = 0;
    std::unique_ptr<RunJournal> journal_;
    bool ended_ = false; ///< of the recording's thread

    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<std::pair<Task, Done>> tasks_;
    std::jthread thread_;
};

} // namespace phyll::runs
