#include "address.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <system_error>

namespace phyll {

std::optional<ListenAddress> read_address(std::string_view text, std::string_view scheme) {
    if (!text.starts_with(scheme)) {
        return std::nullopt;
    }
    text.remove_prefix(scheme.size());
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) {
        return std::nullopt;
    }
    const std::string_view port = text.substr(colon + 1);
    ListenAddress address{.host = std::string(text.substr(0, colon))};
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (error != std::errc() || end != port.data() + port.size()) {
        return std::nullopt;
    }
    return address;
}

bool is_loopback(const ListenAddress& address) {
    in_addr numbers{};
    return ::inet_pton(AF_INET, address.host.c_str(), &numbers) == 1 &&
           (ntohl(numbers.s_addr) >> 24U) == 127;
}

} // namespace phyll
