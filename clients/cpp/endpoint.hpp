#pragma once

#include "clients/cpp/plain_connection.hpp"

#include <string>
#include <string_view>

namespace phyll {

inline constexpr std::string_view ipc_scheme = "ipc://";
inline constexpr std::string_view tcp_scheme = "tcp://";

/// The endpoint to use when none was given: $PHYLL_ENDPOINT, else the ipc socket of a phylld that
/// this user or the system runs, else tcp://127.0.0.1:5570.
[[nodiscard]] std::string default_endpoint();

/// Whether `text` has the form of an endpoint.
[[nodiscard]] bool is_endpoint(const std::string& text);

/// Whether somebody listens at `endpoint` ("ipc://PATH", "tcp://HOST:PORT"): at once, but where
/// the host says nothing at all; then it is over at `deadline`, and nobody does.
[[nodiscard]] bool somebody_listens(const std::string& endpoint, Instant deadline);

} // namespace phyll
