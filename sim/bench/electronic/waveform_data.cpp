#include "sim/bench/electronic/waveform_data.hpp"

#include "sim/bench/scpi/scpi_error.hpp"

namespace phyll::bench {

template <class Word>
std::vector<Word> words_in(std::string_view block, std::endian order) {
    constexpr std::size_t size = sizeof(Word);
    if (block.size() % size != 0) {
        throw ScpiError(scpi_number::block_data);
    }
    std::vector<Word> words;
    words.reserve(block.size() / size);
    for (std::size_t at = 0; at < block.size(); at += size) {
        std::uint32_t word = 0;
        for (std::size_t k = 0; k < size; ++k) {
            const std::size_t from = order == std::endian::big ? k : size - 1 - k;
            word = word << 8U | static_cast<unsigned char>(block[at + from]);
        }
        words.push_back(static_cast<Word>(word));
    }
    return words;
}

template std::vector<std::uint16_t> words_in(std::string_view, std::endian);
template std::vector<std::uint32_t> words_in(std::string_view, std::endian);

void append_word(std::string& block, std::uint32_t word, std::size_t bytes, std::endian order) {
    for (std::size_t k = 0; k < bytes; ++k) {
        const std::size_t place = order == std::endian::big ? bytes - 1 - k : k;
        block += static_cast<char>(word >> (8 * place) & 0xffU);
    }
}

} // namespace phyll::bench
