#pragma once

#include <array>
#include <string>
#include <string_view>

namespace phyll::runs {

using Sha256 = std::array<unsigned char, 32>;

[[nodiscard]] Sha256 sha256(std::string_view bytes);
/// In hexadecimal.
[[nodiscard]] std::string to_hex(const Sha256& digest);

} // namespace phyll::runs
