#include "daemon/runs/notifying/notifier.hpp"

#include "daemon/runs/notifying/notice.hpp"
#include "daemon/runs/run_state.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <exception>
#include <optional>
#include <utility>

namespace phyll::runs {
namespace {

/// Events that are looked at in one go.
constexpr std::size_t event_batch = 200;

std::string how_it_ended(const CommandEnd& end, const CommandLimits& limits) {
    switch (end.how) {
    case CommandEnd::How::exited:
        return fmt::format("ended with status {}", end.number);
    case CommandEnd::How::ended_by_signal:
        return fmt::format("was ended by signal {}", end.number);
    case CommandEnd::How::out_of_time:
        return fmt::format("took longer than {:g} s and was killed", limits.time.count());
    case CommandEnd::How::stopped:
        return "was killed, as phylld stops";
    }
    return "ended";
}

} // namespace

Notifier::Notifier(const v1::NotifyConfig& config, const Store& store, const StateDir& state,
                   const NotifierLimits& limits)
    : store_(store), state_(state), limits_(limits) {
    reload(config);
}

Notifier::~Notifier() {
    stop();
}

void Notifier::reload(const v1::NotifyConfig& config) {
    if (command().empty()) {
        last_ = store_.last_event();
    }
    {
        const std::lock_guard lock(mutex_);
        command_ = config.command();
    }
    if (config.command().empty()) {
        return;
    }
    while (workers_.size() < limits_.at_once) {
        workers_.emplace_back([this](const std::stop_token& stop) { work(stop); });
    }
}

std::string Notifier::command() {
    const std::lock_guard lock(mutex_);
    return command_;
}

void Notifier::look() noexcept {
    try {
        if (command().empty()) {
            return;
        }
        std::vector<StoredEvent> events;
        do {
            events = store_.all_events(last_, event_batch);
            for (const StoredEvent& stored : events) {
                last_ = stored.event.number();
                consider(stored);
            }
        } while (events.size() == event_batch);
    } catch (const std::exception& error) {
        spdlog::warn("notify: what happened to runs cannot be read: {}", error.what());
    }
}

void Notifier::consider(const StoredEvent& stored) {
    if (!stored.event.has_state() || !is_worth_telling(stored.event.state().state())) {
        return;
    }
    std::optional<RunRecord> run = store_.run(stored.run);
    if (!run) {
        return; // removed meanwhile
    }
    run->info.set_folder(state_.folder_of(stored.run).string());
    enqueue({fmt::format("run {} {}", stored.run, name_of(stored.event.state().state())),
             notice_of(run->info, stored.event)});
}

void Notifier::enqueue(Notice notice) {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= limits_.waiting) {
        spdlog::warn("notify: nobody is told that {}: {} notices wait for the command", notice.what,
                     waiting_.size());
        return;
    }
    waiting_.push_back(std::move(notice));
    changed_.notify_one();
}

void Notifier::work(const std::stop_token& stop) {
    for (;;) {
        std::unique_lock lock(mutex_);
        if (!changed_.wait(lock, stop, [this] { return !waiting_.empty(); }) ||
            stop.stop_requested()) {
            return;
        }
        const Notice notice = std::move(waiting_.front());
        waiting_.pop_front();
        const std::string command = command_;
        lock.unlock();
        if (!command.empty()) {
            tell(command, notice, stop);
        }
    }
}

void Notifier::tell(const std::string& command, const Notice& notice,
                    const std::stop_token& stop) const {
    try {
        const CommandEnd end = run_shell(command, notice.json, limits_.command, stop);
        if (!end.good()) {
            spdlog::warn("notify: the command that is told that {} {}{}", notice.what,
                         how_it_ended(end, limits_.command),
                         end.first_line.empty() ? "" : ": " + in_quotes(end.first_line));
        }
    } catch (const std::exception& error) {
        spdlog::warn("notify: the command that is told that {} does not run: {}", notice.what,
                     error.what());
    }
}

void Notifier::stop() {
    for (std::jthread& worker : workers_) {
        worker.request_stop();
    }
    workers_.clear(); // joins them
    for (const Notice& notice : waiting_) {
        spdlog::warn("notify: nobody is told that {}: phylld stops", notice.what);
    }
    waiting_.clear();
}

} // namespace phyll::runs
