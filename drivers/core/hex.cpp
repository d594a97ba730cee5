#include "drivers/core/hex.hpp"

#include <sodium.h>

namespace phyll {

std::string to_hex(std::span<const std::byte> bytes) {
    std::string text(2 * bytes.size() + 1, '\0'); // and the zero that sodium ends it with
    sodium_bin2hex(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                   bytes.size());
    text.pop_back();
    return text;
}

bool from_hex(std::string_view text, std::span<std::byte> into) {
    const char* end = nullptr;
    std::size_t read = 0;
    return text.size() == 2 * into.size() &&
           sodium_hex2bin(reinterpret_cast<unsigned char*>(into.data()), into.size(), text.data(),
                          text.size(), nullptr, &read, &end) == 0 &&
           read == into.size() && end == text.data() + text.size();
}

} // namespace phyll
