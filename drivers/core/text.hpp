#pragma once

#include <string>
#include <string_view>

namespace phyll {

/// The text as valid UTF-8, which is all that Protobuf carries and terminals show: each byte that
/// belongs to no character becomes U+FFFD, everything else stays. File names, cells of data files
/// and what instruments say may hold anything.
[[nodiscard]] std::string utf8(std::string_view text);

/// A text for use inside a message: in single quotes, on one line, cut when very long.
[[nodiscard]] std::string in_quotes(std::string_view text);

} // namespace phyll
