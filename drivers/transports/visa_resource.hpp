#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/transports/traffic_log.hpp"
#include "drivers/transports/transport.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace phyll::transports {

/// Where a raw socket of an instrument listens: "TCPIP0::192.168.1.7::5025::SOCKET".
struct SocketAddress {
    std::string host;
    std::uint16_t port = 0;
};

/// Reads a VISA resource string (VPP-4.3, section 4.3); letters count in any case. Throws
/// INVALID_ARGUMENT, about a field `address`, saying what would be valid.
[[nodiscard]] SocketAddress parse_visa(std::string_view resource);

/// The transport that a resource string names, not connected yet. `clock` and `log` outlive it.
/// Throws as `parse_visa` does.
[[nodiscard]] std::unique_ptr<Transport> open_visa(std::string_view resource, const Clock& clock,
                                                   TrafficLog& log);

} // namespace phyll::transports
