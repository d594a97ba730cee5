#include "daemon/supervision/supervisor.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>

#include <chrono>
#include <cstdint>
#include <ctime>
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

std::uint64_t monotonic_microseconds() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000U +
           static_cast<std::uint64_t>(now.tv_nsec) / 1000U;
}

} // namespace

void tell_ready(const std::string& status) {
    tell(fmt::format("READY=1\nSTATUS={}", status));
}

void tell_reloading() {
    tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_microseconds()));
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
