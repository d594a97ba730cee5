#include "address.hpp"

#include "drivers/core/number_of.hpp"

#include <arpa/inet.h>

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
    const auto port = number_of<std::uint16_t>(text.substr(colon + 1));
    if (!port) {
        return std::nullopt;
    }
    return ListenAddress{.host = std::string(text.substr(0, colon)), .port = *port};
}

bool is_loopback(const ListenAddress& address) {
    in_addr numbers{};
    return ::inet_pton(AF_INET, address.host.c_str(), &numbers) == 1 &&
           (ntohl(numbers.s_addr) >> 24U) == 127;
}

} // namespace phyll
