#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace phyll {

/// The number that a text is by all of its characters, whatever the locale; nothing where it is
/// none, or one that the type does not hold. No sign but '-' and no blanks are taken.
template <class Number>
[[nodiscard]] std::optional<Number> number_of(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(number)
                                                                    : std::nullopt;
}

} // namespace phyll
