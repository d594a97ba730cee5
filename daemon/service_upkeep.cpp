// What a service does beside serving: it is watched, reloads, keeps its rigs' ages, stops.

#include "configured.hpp"
#include "daemon/config/reload.hpp"
#include "daemon/supervision/supervisor.hpp"
#include "drivers/core/error.hpp"
#include "service.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <csignal>
#include <exception>
#include <utility>

namespace phyll {
namespace {

using namespace std::chrono_literals;

/// How often the rigs' ages are written down while they change.
constexpr auto age_interval = 1s;

} // namespace

void Service::be_watched() {
    if (const std::optional<Seconds> patience = supervision::patience()) {
        // A third: one that comes late costs nothing.
        pulse_.emplace(
            loop_, *patience / 3, [this] { store_.take_turn(); }, supervision::tell_alive);
        pulse_->start();
    }
}

void Service::await_signals() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error) {
            return;
        }
        // Who closes the terminal that phylld was started from wants it to end.
        if (signal == SIGHUP && supervision::has_terminal() == had_terminal_) {
            reload();
            await_signals();
        } else {
            stop(signal);
        }
    });
}

/// Takes over what may change while phylld serves. A file that is wrong changes nothing.
void Service::reload() {
    supervision::tell_reloading();
    std::string status;
    try {
        status = settings_.read_again
                     ? apply(settings_.read_again())
                     : "no configuration file was given: there is nothing to reload";
        spdlog::info("SIGHUP: {}", status);
    } catch (const std::exception& error) {
        status = fmt::format("the configuration stays as it was: {}", error.what());
        spdlog::error("SIGHUP: {}", status);
    }
    supervision::tell_ready(status);
}

std::string Service::apply(const v1::DaemonConfig& read) {
    const config::Reloaded reloaded = config::reload(config_, with_simulations(read));
    spdlog::set_level(spdlog::level::from_str(config_.log_level()));
    server_.set_limits(limits_of(config_));
    notifier_.reload(config_.notify());
    runs_.reload(config_.retention(), max_journal_bytes(config_), hold_limit(config_));
    std::string text = reloaded.changed.empty()
                           ? "nothing changed that can be reloaded"
                           : fmt::format("changed: {}", fmt::join(reloaded.changed, ", "));
    if (!reloaded.at_start.empty()) {
        text += fmt::format("; changed in the file, in force from the next start on: {}",
                            fmt::join(reloaded.at_start, ", "));
    }
    return text;
}

void Service::save_ages() {
    for (const auto& rig : lab_.rigs()) {
        const std::uint64_t age = rig->status().age;
        std::uint64_t& saved = saved_ages_[rig->name()];
        if (saved != age) {
            store_.save_rig_age(rig->name(), age);
            saved = age;
        }
    }
}

void Service::save_ages_or_say_why_not() {
    try {
        save_ages();
        if (std::exchange(ages_failed_, false)) {
            spdlog::info("the rigs' ages are kept again");
        }
    } catch (const Error& error) {
        if (!std::exchange(ages_failed_, true)) { // once, not every second
            spdlog::error("the rigs' ages cannot be kept: {}; tried again every second",
                          error.what());
        }
    }
}

void Service::save_ages_regularly() {
    age_timer_.expires_after(age_interval);
    age_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) {
            return;
        }
        save_ages_or_say_why_not();
        save_ages_regularly();
    });
}

void Service::stop(int signal) {
    spdlog::info("phylld stops on {}", signal == SIGTERM  ? "SIGTERM"
                                       : signal == SIGINT ? "SIGINT"
                                                          : "the end of its terminal");
    supervision::tell_stopping();
    server_.close();
    age_timer_.cancel();
    lease_timer_.wake_at(std::nullopt);
    runs_.stop([this] {
        collector_->close(); // nobody waits for a loop that has ended
        loop_.stop();
    });
}

} // namespace phyll
