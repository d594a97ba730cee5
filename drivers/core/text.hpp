#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace phyll {

/// The text as valid UTF-8, which is all that Protobuf carries and terminals show: each byte that
/// belongs to no character becomes U+FFFD, everything else stays. File names, cells of data files
/// and what instruments say may hold anything.
[[nodiscard]] std::string utf8(std::string_view text);

/// A text for use inside a message: in single quotes, on one line, cut when very long.
[[nodiscard]] std::string in_quotes(std::string_view text);

/// The text without what stands of `blanks` at its two ends.
[[nodiscard]] std::string_view trimmed(std::string_view text,
                                       std::string_view blanks = " \t\r\n") noexcept;

/// With the small letters of ASCII as capitals, whatever the locale.
[[nodiscard]] std::string in_capitals(std::string_view text);
/// Whether two texts are the same but for capitals, of ASCII.
[[nodiscard]] bool same_letters(std::string_view a, std::string_view b) noexcept;

/// "2,884"
[[nodiscard]] std::string with_thousands(std::uint64_t number);

} // namespace phyll
