#include "drivers/core/text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace phyll {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::size_t longest_quote = 80;

bool continues(std::string_view text, std::size_t i) {
    return i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U;
}

/// The length of the character that begins at `start`; 0 when none does. As in the Unicode
/// Standard, table 3-7: no overlong forms, no surrogates, nothing beyond U+10FFFF.
std::size_t character_length(std::string_view text, std::size_t start) {
    const auto lead = static_cast<unsigned char>(text[start]);
    if (lead < 0x80) {
        return 1;
    }
    const std::size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                               : lead >= 0xE0 && lead <= 0xEF ? 3
                               : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                              : 0;
    for (std::size_t i = 1; i < length; ++i) {
        if (!continues(text, start + i)) {
            return 0;
        }
    }
    if (length == 0) {
        return 0;
    }
    const auto second = static_cast<unsigned char>(text[start + 1]);
    const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
    const bool surrogate = lead == 0xED && second > 0x9F;
    const bool beyond = lead == 0xF4 && second > 0x8F;
    return overlong || surrogate || beyond ? 0 : length;
}

char capital(char c) noexcept {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

} // namespace

std::string utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = character_length(text, i);
        out += length == 0 ? replacement : text.substr(i, length);
        i += std::max<std::size_t>(length, 1);
    }
    return out;
}

std::string in_quotes(std::string_view text) {
    std::size_t end = text.size();
    if (end > longest_quote) {
        end = longest_quote;
        while (end > 0 && continues(text, end)) { // not in the middle of a character
            --end;
        }
    }
    std::string shown = utf8(text.substr(0, end));
    const auto is_control = [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    };
    std::ranges::replace_if(shown, is_control, '?');
    return "'" + shown + (end < text.size() ? "...'" : "'");
}

std::string_view trimmed(std::string_view text, std::string_view blanks) noexcept {
    const std::size_t first = text.find_first_not_of(blanks);
    return first == std::string_view::npos
               ? std::string_view()
               : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string in_capitals(std::string_view text) {
    std::string capitals(text);
    std::ranges::transform(capitals, capitals.begin(), capital);
    return capitals;
}

bool same_letters(std::string_view a, std::string_view b) noexcept {
    return std::ranges::equal(a, b, {}, capital, capital);
}

std::string with_thousands(std::uint64_t number) {
    const std::string digits = std::to_string(number);
    std::string grouped;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0) {
            grouped += ',';
        }
        grouped += digits[i];
    }
    return grouped;
}

} // namespace phyll
