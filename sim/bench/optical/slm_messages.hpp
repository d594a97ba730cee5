#pragma once

#include <cstdint>
#include <string_view>

/// Of docs/slm-protocol.md.
namespace phyll::bench::slm_kind {

inline constexpr std::string_view letters = "SLM1";
inline constexpr std::uint32_t describe = 1;
inline constexpr std::uint32_t description = 2;
inline constexpr std::uint32_t show = 3;
inline constexpr std::uint32_t shown = 4;
inline constexpr std::uint32_t refused = 5;

} // namespace phyll::bench::slm_kind
