#include "lease_token.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/hex.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <span>

namespace phyll::cli {
namespace {

constexpr std::size_t token_bytes = 16;

} // namespace

std::string token_in_hex(const std::string& token) {
    return to_hex(std::as_bytes(std::span(token)));
}

std::string token_from_hex(const std::string& text) {
    std::string token(token_bytes, '\0');
    if (!from_hex(text, std::as_writable_bytes(std::span(token)))) {
        throw invalid_field("token", fmt::format("{}; valid are the {} hexadecimal digits that "
                                                 "'phyllctl lease take' printed",
                                                 in_quotes(text), 2 * token_bytes));
    }
    return token;
}

} // namespace phyll::cli
