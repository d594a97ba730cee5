#pragma once

#include "drivers/transports/stream_port.hpp"
#include "drivers/transports/visa_resource.hpp"

#include <memory>
#include <string>

namespace phyll::transports {

/// A raw TCP socket, not connected yet. Raw sockets have no device clear: `clear` closes the
/// connection and makes a new one. `clock` and `log` outlive the port.
[[nodiscard]] std::unique_ptr<StreamPort> make_socket_port(std::string resource,
                                                           SocketAddress address,
                                                           const Clock& clock, TrafficLog& log,
                                                           Logged logged);

} // namespace phyll::transports
