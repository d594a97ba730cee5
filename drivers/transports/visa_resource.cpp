#include "drivers/transports/visa_resource.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"
#include "drivers/transports/line_transport.hpp"
#include "drivers/transports/serial_port.hpp"
#include "drivers/transports/socket_port.hpp"
#include "drivers/transports/usbtmc/libusb_device.hpp"
#include "drivers/transports/usbtmc/usbtmc_transport.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <utility>
#include <vector>

namespace phyll::transports {
namespace {

constexpr std::string_view socket_form = "TCPIP0::HOST::PORT::SOCKET, such as "
                                         "TCPIP0::192.168.1.7::5025::SOCKET";
constexpr std::string_view usb_form = "USB0::VENDOR::PRODUCT::SERIAL::INSTR, such as "
                                      "USB0::0x0AAD::0x0197::101234::INSTR";
constexpr std::string_view serial_form = "ASRL<device file>::INSTR, such as "
                                         "ASRL/dev/ttyUSB0::INSTR";

std::vector<std::string_view> parts_of(std::string_view resource) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = resource.find("::");
        parts.push_back(resource.substr(0, end));
        if (end == std::string_view::npos) {
            return parts;
        }
        resource.remove_prefix(end + 2);
    }
}

/// Whether the text is an interface's name with, maybe, the number of a board.
bool is_board(std::string_view text, std::string_view interface) {
    return same_letters(text.substr(0, interface.size()), interface) &&
           std::ranges::all_of(text.substr(std::min(text.size(), interface.size())),
                               [](unsigned char c) { return std::isdigit(c) != 0; });
}

/// The number that the text is by all of its characters, in decimal or with "0x".
template <class Number>
std::optional<Number> number_of(std::string_view text) {
    const bool hexadecimal = same_letters(text.substr(0, 2), "0x");
    text.remove_prefix(hexadecimal ? 2 : 0);
    Number number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, hexadecimal ? 16 : 10);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(number)
                                                                    : std::nullopt;
}

using Parts = std::vector<std::string_view>;

std::optional<VisaAddress> socket_of(const Parts& parts) {
    if (parts.size() != 4 || !is_board(parts[0], "TCPIP") || parts[1].empty() ||
        !same_letters(parts[3], "SOCKET")) {
        return std::nullopt;
    }
    const auto port = number_of<std::uint16_t>(parts[2]);
    if (!port || *port == 0) {
        return std::nullopt;
    }
    return SocketAddress{.host = std::string(parts[1]), .port = *port};
}

std::optional<VisaAddress> usb_of(const Parts& parts) {
    if (parts.size() < 5 || parts.size() > 6 || !is_board(parts[0], "USB") || parts[3].empty() ||
        !same_letters(parts.back(), "INSTR")) {
        return std::nullopt;
    }
    const auto vendor = number_of<std::uint16_t>(parts[1]);
    const auto product = number_of<std::uint16_t>(parts[2]);
    const auto interface =
        parts.size() == 6 ? number_of<std::uint8_t>(parts[4]) : std::optional<std::uint8_t>();
    if (!vendor || !product || (parts.size() == 6 && !interface)) {
        return std::nullopt;
    }
    return UsbAddress{.vendor = *vendor,
                      .product = *product,
                      .serial = std::string(parts[3]),
                      .interface = interface};
}

std::optional<VisaAddress> serial_of(const Parts& parts) {
    constexpr std::string_view interface = "ASRL";
    if (parts.size() != 2 || !same_letters(parts[0].substr(0, interface.size()), interface) ||
        !same_letters(parts[1], "INSTR")) {
        return std::nullopt;
    }
    const std::string_view device = parts[0].substr(interface.size());
    if (!device.starts_with('/')) {
        return std::nullopt;
    }
    return SerialAddress{.device = std::string(device)};
}

Error no_such_way(std::string_view resource, std::string_view valid) {
    return invalid_field("address", fmt::format("{}; valid is {}", in_quotes(resource), valid));
}

/// A port on the way that the address names; none for ways that have messages of their own.
std::unique_ptr<StreamPort> open_stream(std::string_view resource, const VisaAddress& address,
                                        const SerialSettings& serial, const Clock& clock,
                                        TrafficLog& log, Logged logged) {
    if (const auto* socket = std::get_if<SocketAddress>(&address)) {
        return make_socket_port(std::string(resource), *socket, clock, log, logged);
    }
    if (const auto* line = std::get_if<SerialAddress>(&address)) {
        return make_serial_port(std::string(resource), *line, serial, clock, log, logged);
    }
    return nullptr;
}

} // namespace

VisaAddress parse_visa(std::string_view resource) {
    const Parts parts = parts_of(resource);
    for (const auto& form : {socket_of, usb_of, serial_of}) {
        if (const std::optional<VisaAddress> address = form(parts)) {
            return *address;
        }
    }
    throw no_such_way(resource,
                      fmt::format("{}; or {}; or {}", socket_form, usb_form, serial_form));
}

std::unique_ptr<Transport> open_visa(std::string_view resource, const SerialSettings& serial,
                                     const Clock& clock, TrafficLog& log) {
    const VisaAddress address = parse_visa(resource);
    if (const auto* usb = std::get_if<UsbAddress>(&address)) {
        return std::make_unique<usbtmc::UsbtmcTransport>(
            std::string(resource), usbtmc::make_libusb_device(*usb, clock), clock, log);
    }
    return std::make_unique<LineTransport>(
        open_stream(resource, address, serial, clock, log, Logged::connection_only), log);
}

std::unique_ptr<BytePort> open_byte_port(std::string_view resource, const SerialSettings& serial,
                                         const Clock& clock, TrafficLog& log) {
    auto port = open_stream(resource, parse_visa(resource), serial, clock, log, Logged::bytes);
    if (!port) {
        throw no_such_way(resource, fmt::format("{}; or {}", serial_form, socket_form));
    }
    return port;
}

} // namespace phyll::transports
