#include "drivers/core/framed_message.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace phyll {
namespace {

void put(std::vector<std::byte>& bytes, std::uint32_t number) {
    for (unsigned shift = 0; shift < 32; shift += 8) {
        bytes.push_back(static_cast<std::byte>(number >> shift & 0xFFU));
    }
}

std::uint32_t number_at(std::span<const std::byte> bytes, std::size_t place) {
    std::uint32_t number = 0;
    for (unsigned k = 0; k < 4; ++k) {
        number |= std::to_integer<std::uint32_t>(bytes[place + k]) << (8 * k);
    }
    return number;
}

} // namespace

std::vector<std::byte> encode(const Framing& framing, std::uint32_t kind, std::uint32_t sequence,
                              std::span<const std::byte> content) {
    std::vector<std::byte> bytes;
    bytes.reserve(frame_header_size + content.size());
    for (const char letter : framing.letters) {
        bytes.push_back(static_cast<std::byte>(letter));
    }
    put(bytes, kind);
    put(bytes, sequence);
    put(bytes, static_cast<std::uint32_t>(content.size()));
    bytes.insert(bytes.end(), content.begin(), content.end());
    return bytes;
}

std::vector<std::byte> encode(const Framing& framing, std::uint32_t kind, std::uint32_t sequence,
                              std::string_view content) {
    return encode(framing, kind, sequence, std::as_bytes(std::span(content)));
}

std::optional<FramedMessage> take_message(const Framing& framing,
                                          std::vector<std::byte>& received) {
    const std::size_t known = std::min(received.size(), framing.letters.size());
    for (std::size_t k = 0; k < known; ++k) {
        if (received[k] != static_cast<std::byte>(framing.letters[k])) {
            throw Error(Code::data_loss,
                        fmt::format("what came is no message of {}", framing.about));
        }
    }
    if (received.size() < frame_header_size) {
        return std::nullopt;
    }
    const std::uint32_t kind = number_at(received, 4);
    const std::size_t length = number_at(received, 12);
    if (kind < 1 || kind > framing.kinds) {
        throw Error(Code::data_loss,
                    fmt::format("no message of {} is of kind {}", framing.about, kind));
    }
    if (length > largest_frame_content) {
        throw Error(Code::data_loss, fmt::format("a message of {} bytes; {} is the most", length,
                                                 largest_frame_content));
    }
    if (received.size() < frame_header_size + length) {
        return std::nullopt;
    }
    const auto first = received.begin() + frame_header_size;
    const auto last = first + static_cast<std::ptrdiff_t>(length);
    FramedMessage message{
        .kind = kind, .sequence = number_at(received, 8), .content = {first, last}};
    received.erase(received.begin(), last);
    return message;
}

std::string text_of(std::span<const std::byte> content) {
    std::string text(content.size(), '\0');
    std::ranges::transform(content, text.begin(),
                           [](std::byte byte) { return static_cast<char>(byte); });
    return text;
}

std::string in_one_line(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    return text;
}

} // namespace phyll
