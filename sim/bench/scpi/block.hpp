#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace phyll::bench {

/// What stands before the bytes of a definite-length block: '#', a digit n, n digits.
struct BlockHeader {
    enum class State {
        block,      ///< it is one
        incomplete, ///< it may become one
        none,       ///< it is none
    };
    State state = State::none;
    std::size_t size = 0;   ///< bytes of the header
    std::size_t length = 0; ///< bytes of the block
};

/// `text` begins with '#'.
[[nodiscard]] BlockHeader read_block_header(std::string_view text);

/// `bytes` as a block whose length is written with so many digits, 1 to 9.
[[nodiscard]] std::string as_block(std::string_view bytes, int digits);
/// With as few digits as its length has.
[[nodiscard]] std::string as_block(std::string_view bytes);

} // namespace phyll::bench
