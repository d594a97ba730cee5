#include "drivers/transports/visa_resource.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"
#include "drivers/transports/socket_transport.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <vector>

namespace phyll::transports {
namespace {

constexpr std::string_view valid = "TCPIP0::HOST::PORT::SOCKET, such as "
                                   "TCPIP0::192.168.1.7::5025::SOCKET";

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

bool is_board(std::string_view text) {
    constexpr std::string_view interface = "TCPIP";
    return in_capitals(text.substr(0, interface.size())) == interface &&
           std::ranges::all_of(text.substr(std::min(text.size(), interface.size())),
                               [](unsigned char c) { return std::isdigit(c) != 0; });
}

} // namespace

SocketAddress parse_visa(std::string_view resource) {
    const std::vector<std::string_view> parts = parts_of(resource);
    if (parts.size() == 4 && is_board(parts[0]) && !parts[1].empty() &&
        in_capitals(parts[3]) == "SOCKET") {
        unsigned port = 0;
        const std::string_view text = parts[2];
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
        if (error == std::errc() && end == text.data() + text.size() && port >= 1 &&
            port <= 65535) {
            return {.host = std::string(parts[1]), .port = static_cast<std::uint16_t>(port)};
        }
    }
    throw invalid_field("address", fmt::format("{}; valid is {}", in_quotes(resource), valid));
}

std::unique_ptr<Transport> open_visa(std::string_view resource, const Clock& clock,
                                     TrafficLog& log) {
    return std::make_unique<SocketTransport>(std::string(resource), parse_visa(resource), clock,
                                             log);
}

} // namespace phyll::transports
