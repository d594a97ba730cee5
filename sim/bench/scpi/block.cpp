#include "sim/bench/scpi/block.hpp"

#include <fmt/format.h>

namespace phyll::bench {

BlockHeader read_block_header(std::string_view text) {
    if (text.size() < 2) {
        return {.state = BlockHeader::State::incomplete};
    }
    if (text[1] < '1' || text[1] > '9') {
        return {};
    }
    const auto digits = static_cast<std::size_t>(text[1] - '0');
    BlockHeader header{.state = BlockHeader::State::block, .size = 2 + digits};
    for (std::size_t i = 2; i < header.size; ++i) {
        if (i == text.size()) {
            return {.state = BlockHeader::State::incomplete};
        }
        if (text[i] < '0' || text[i] > '9') {
            return {};
        }
        header.length = 10 * header.length + static_cast<std::size_t>(text[i] - '0');
    }
    return header;
}

std::string as_block(std::string_view bytes, int digits) {
    return fmt::format("#{}{:0{}}{}", digits, bytes.size(), digits, bytes);
}

std::string as_block(std::string_view bytes) {
    return as_block(bytes, static_cast<int>(std::to_string(bytes.size()).size()));
}

} // namespace phyll::bench
