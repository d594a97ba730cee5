#pragma once

#include "sim/bench/scpi/call.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace phyll::bench {

/// The unsigned numbers in the bytes of a block. Throws ScpiError -161 when they do not come out
/// even.
template <class Word>
[[nodiscard]] std::vector<Word> words_in(std::string_view block, std::endian order);

extern template std::vector<std::uint16_t> words_in(std::string_view, std::endian);
extern template std::vector<std::uint32_t> words_in(std::string_view, std::endian);

/// Appends the low `bytes` bytes of `word`.
void append_word(std::string& block, std::uint32_t word, std::size_t bytes, std::endian order);

} // namespace phyll::bench
