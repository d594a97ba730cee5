#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace phyll {

/// Where something listens.
struct ListenAddress {
    std::string host; ///< four numbers, the name of an interface, or "*" for all
    std::uint16_t port = 0;
};

/// Reads "HOST:PORT", after `scheme`; nothing where the text is none. Neither is one whose port is
/// beyond 65535, which some would take modulo 65536.
[[nodiscard]] std::optional<ListenAddress> read_address(std::string_view text,
                                                        std::string_view scheme = "");

/// Whether no other machine can reach it.
[[nodiscard]] bool is_loopback(const ListenAddress& address);

} // namespace phyll
