#include "lease_token.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <charconv>

namespace phyll::cli {
namespace {

constexpr std::size_t token_bytes = 16;

} // namespace

std::string token_in_hex(const std::string& token) {
    std::string out;
    for (const char byte : token) {
        out += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    }
    return out;
}

std::string token_from_hex(const std::string& text) {
    std::string token;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        unsigned char byte = 0;
        const char* const first = text.data() + i;
        const auto [end, error] = std::from_chars(first, first + 2, byte, 16);
        if (error != std::errc() || end != first + 2) {
            break;
        }
        token.push_back(static_cast<char>(byte));
    }
    if (text.size() != 2 * token_bytes || token.size() != token_bytes) {
        throw invalid_field("token", fmt::format("{}; valid are the {} hexadecimal digits that "
                                                 "'phyllctl lease take' printed",
                                                 in_quotes(text), 2 * token_bytes));
    }
    return token;
}

} // namespace phyll::cli
