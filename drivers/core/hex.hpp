#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace phyll {

/// Two small hexadecimal digits for each byte.
[[nodiscard]] std::string to_hex(std::span<const std::byte> bytes);
/// Reads exactly as many bytes as `into` has, from digits of either case and nothing else; false,
/// and `into` is anything, where the text is not that.
[[nodiscard]] bool from_hex(std::string_view text, std::span<std::byte> into);

} // namespace phyll
