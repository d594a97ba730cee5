#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/transports/byte_port.hpp"
#include "drivers/transports/traffic_log.hpp"
#include "drivers/transports/transport.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace phyll::transports {

/// Where a raw socket of an instrument listens: "TCPIP0::192.168.1.7::5025::SOCKET".
struct SocketAddress {
    std::string host;
    std::uint16_t port = 0;
};

/// A USBTMC instrument, wherever it is plugged in: "USB0::0x0AAD::0x0197::101234::INSTR".
struct UsbAddress {
    std::uint16_t vendor = 0;
    std::uint16_t product = 0;
    std::string serial;
    std::optional<std::uint8_t> interface; ///< by its number; otherwise the first of the class
};

/// A serial line by its device file: "ASRL/dev/ttyUSB0::INSTR".
struct SerialAddress {
    std::string device;
};

using VisaAddress = std::variant<SocketAddress, UsbAddress, SerialAddress>;

/// Reads a VISA resource string (VPP-4.3, section 4.3); letters count in any case, but for a serial
/// number and a path. Throws INVALID_ARGUMENT, about a field `address`, saying what would be valid.
[[nodiscard]] VisaAddress parse_visa(std::string_view resource);

/// The transport that a resource string names, not connected yet. `clock` and `log` outlive it.
/// Throws as `parse_visa` does.
[[nodiscard]] std::unique_ptr<Transport> open_visa(std::string_view resource,
                                                   const SerialSettings& serial, const Clock& clock,
                                                   TrafficLog& log);

} // namespace phyll::transports
