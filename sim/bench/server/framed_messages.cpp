#include "sim/bench/server/framed_messages.hpp"

namespace phyll::bench {
namespace {

constexpr std::size_t header_size = 16;
constexpr std::size_t kind_place = 4;
constexpr std::size_t sequence_place = 8;
constexpr std::size_t length_place = 12;
/// More than any message holds.
constexpr std::size_t most = std::size_t{64} << 20U;

std::string four_bytes(std::size_t number) {
    std::string bytes;
    for (unsigned shift = 0; shift < 32; shift += 8) {
        bytes += static_cast<char>(number >> shift & 0xFFU);
    }
    return bytes;
}

std::uint32_t number_at(std::string_view bytes, std::size_t place) {
    std::uint32_t number = 0;
    for (std::size_t k = 4; k-- > 0;) {
        number = number << 8U | static_cast<unsigned char>(bytes[place + k]);
    }
    return number;
}

} // namespace

std::string framed_bytes(std::string_view letters, const FramedText& message) {
    return std::string(letters) + four_bytes(message.kind) + four_bytes(message.sequence) +
           four_bytes(message.content.size()) + message.content;
}

FramedText framed_text(std::string_view bytes) {
    return {.kind = number_at(bytes, kind_place),
            .sequence = number_at(bytes, sequence_place),
            .content = std::string(bytes.substr(header_size))};
}

std::optional<std::string> FramedTextCutter::next() {
    if (buffer_.size() < header_size || !buffer_.starts_with(letters_)) {
        return std::nullopt;
    }
    const std::size_t length = number_at(buffer_, length_place);
    if (length > most || buffer_.size() < header_size + length) {
        return std::nullopt;
    }
    std::string message = buffer_.substr(0, header_size + length);
    buffer_.erase(0, message.size());
    return message;
}

} // namespace phyll::bench
