#pragma once

#include <string>

namespace phyll {

/// The endpoint to use when none was given: $PHYLL_ENDPOINT, else the ipc socket of a phylld that
/// this user or the system runs, else tcp://127.0.0.1:5570.
[[nodiscard]] std::string default_endpoint();

/// Whether `text` has the form of an endpoint.
[[nodiscard]] bool is_endpoint(const std::string& text);

/// Whether somebody listens at `endpoint` ("ipc://PATH", "tcp://HOST:PORT"): at once, where a
/// ZeroMQ socket would go on trying.
[[nodiscard]] bool somebody_listens(const std::string& endpoint);

} // namespace phyll
