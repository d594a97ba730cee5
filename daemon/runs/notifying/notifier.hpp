#pragma once

#include "daemon/runs/notifying/shell_command.hpp"
#include "daemon/runs/state_dir.hpp"
#include "daemon/runs/store.hpp"

#include <phyll/v1/config.pb.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace phyll::runs {

/// How much is done at a time.
struct NotifierLimits {
    std::size_t at_once = 4;   ///< commands
    std::size_t waiting = 100; ///< notices
    CommandLimits command{};
};

/// Runs the command of the configuration whenever a run has ended or is held, with a notice on its
/// standard input. It is driven by what the store has: each event is told of once, in order of
/// their numbers, from the moment of its making on. What goes wrong with the command is logged, and
/// disturbs nothing else.
class Notifier {
  public:
    /// `store` outlives it; `state` is asked for the runs' folders.
    Notifier(const v1::NotifyConfig& config, const Store& store, const StateDir& state,
             const NotifierLimits& limits = {});
    Notifier(const Notifier&) = delete;
    Notifier& operator=(const Notifier&) = delete;
    ~Notifier();

    /// To be called when something about a run was stored; looks what it was, and returns at once.
    /// Thread rule: one caller at a time.
    void look() noexcept;

    /// Another command from now on, also for notices that wait. As `look`.
    void reload(const v1::NotifyConfig& config);

    /// Gives running commands a short while and drops notices that wait; returns when no command
    /// runs any more. Nothing is told afterwards.
    void stop();

  private:
    struct Notice {
        std::string what; ///< for messages: "run 3 failed"
        std::string json;
    };

    void consider(const StoredEvent& stored);
    void enqueue(Notice notice);
    void work(const std::stop_token& stop);
    void tell(const std::string& command, const Notice& notice, const std::stop_token& stop) const;
    [[nodiscard]] std::string command();

    const Store& store_;
    const StateDir& state_;
    const NotifierLimits limits_;
    std::uint64_t last_ = 0; ///< event that was looked at
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::string command_;        ///< under the mutex; empty: nobody is told
    std::deque<Notice> waiting_; ///< under the mutex
    std::vector<std::jthread> workers_;
};

} // namespace phyll::runs
