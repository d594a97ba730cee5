#include "tests/unit/bench/usbtmc_bytes.hpp"

namespace phyll::test {

using Bytes = std::vector<std::uint8_t>;

Bytes header(std::uint8_t id, std::uint8_t tag, std::uint32_t size, std::uint8_t attributes,
             std::uint8_t end_at) {
    return {id,
            tag,
            static_cast<std::uint8_t>(~tag),
            0,
            static_cast<std::uint8_t>(size),
            static_cast<std::uint8_t>(size >> 8U),
            static_cast<std::uint8_t>(size >> 16U),
            static_cast<std::uint8_t>(size >> 24U),
            attributes,
            end_at,
            0,
            0};
}

Bytes message(std::uint8_t tag, const std::string& text, bool end) {
    Bytes bytes = header(1, tag, static_cast<std::uint32_t>(text.size()), end ? 1 : 0);
    bytes.insert(bytes.end(), text.begin(), text.end());
    bytes.resize((bytes.size() + 3) / 4 * 4);
    return bytes;
}

Bytes request_in(std::uint8_t tag, std::uint32_t size) {
    return header(2, tag, size, 0);
}

Bytes reply(std::uint8_t tag, const std::string& text, std::uint8_t attributes) {
    Bytes bytes = message(tag, text);
    bytes[0] = 2;
    bytes[8] = attributes;
    return bytes;
}

} // namespace phyll::test
