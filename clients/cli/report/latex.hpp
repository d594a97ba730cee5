#pragma once

#include <string>
#include <string_view>

namespace phyll::cli {

/// A text as LaTeX prints it, on one line: what has a meaning of its own is escaped, symbols and
/// Greek letters are written in its own words, lines may be broken at / and _. Controls are left
/// out; characters that its usual fonts lack are named by their number.
[[nodiscard]] std::string in_latex(std::string_view text);

} // namespace phyll::cli
