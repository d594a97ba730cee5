#pragma once

#include <string>

namespace phyll::cli {

/// The time by this machine's clock, in seconds since 1970 (UTC).
[[nodiscard]] double seconds_now();

/// The point in time that `text` says, in seconds since 1970 (UTC): a date or a time of this
/// machine's clock ("2026-11-24", "2026-11-24T10:00", "2026-11-24T10:00:30"), or how long before
/// `now` ("90min", "2h", "3d"). Throws INVALID_ARGUMENT naming `option` and what is valid.
[[nodiscard]] double parse_when(const std::string& option, const std::string& text, double now);

} // namespace phyll::cli
