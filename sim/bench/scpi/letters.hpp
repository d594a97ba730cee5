#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace phyll::bench {

/// Of ASCII, whatever the locale.
[[nodiscard]] inline char upper(char c) noexcept {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

[[nodiscard]] inline std::string upper(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), [](char c) { return upper(c); });
    return result;
}

/// The same but for capitals.
[[nodiscard]] inline bool equal_letters(std::string_view a, std::string_view b) noexcept {
    return std::ranges::equal(a, b, [](char x, char y) { return upper(x) == upper(y); });
}

} // namespace phyll::bench
