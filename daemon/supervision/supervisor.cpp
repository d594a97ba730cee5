#include "daemon/supervision/supervisor.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>

#include <chrono>
#include <cstdint>
#include <system_error>

namespace phyll::supervision {
namespace {

/// A supervisor that does not hear is no reason to serve nobody.
void tell(const std::string& state) {
    constexpr int keep_environment = 0;
    if (const int result = ::sd_notify(keep_environment, state.c_str()); result < 0) {
        spdlog::warn("the service manager is not told {}: {}", state.substr(0, state.find('\n')),
                     std::generic_category().message(-result));
    }
}

} // namespace

void tell_ready(const std::string& status) {
    tell(fmt::format("READY=1\nSTATUS={}", status));
}

void tell_reloading() {
    using Microseconds = std::chrono::microseconds;
    const auto now = std::chrono::steady_clock::now().time_since_epoch(); // CLOCK_MONOTONIC
    tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                     std::chrono::duration_cast<Microseconds>(now).count()));
}

void tell_stopping() {
    tell("STOPPING=1\nSTATUS=makes its rigs safe");
}

void tell_alive() {
    tell("WATCHDOG=1");
}

std::optional<Seconds> patience() {
    constexpr int keep_environment = 0;
    std::uint64_t microseconds = 0;
    if (::sd_watchdog_enabled(keep_environment, &microseconds) <= 0) {
        return std::nullopt;
    }
    return std::chrono::microseconds(microseconds);
}

} // namespace phyll::supervision
