#pragma once

#include "drivers/core/clock.hpp"

#include <optional>
#include <string>

/// What phylld tells whoever started it and wants to know how it is: systemd, by a unit of
/// Type=notify, or another one that gives a socket in $NOTIFY_SOCKET. Without one nothing is told
/// to anybody. Source: sd_notify(3). Thread rule: any thread.
namespace phyll::supervision {

/// phylld serves; `status` is a line for people.
void tell_ready(const std::string& status);
/// Its configuration is read anew; `tell_ready` ends that.
void tell_reloading();
void tell_stopping();
/// See `patience`.
void tell_alive();

/// Within what time `tell_alive` has to be called again and again, or phylld is taken for stuck and
/// killed ($WATCHDOG_USEC); nothing where nobody looks.
[[nodiscard]] std::optional<Seconds> patience();

} // namespace phyll::supervision
