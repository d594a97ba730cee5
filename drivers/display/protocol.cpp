#include "drivers/display/protocol.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>

namespace phyll::display {
namespace {

constexpr std::array<char, 4> letters = {'S', 'L', 'M', '1'};
constexpr std::uint32_t most_pixels_a_side = 16'384;

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

/// A line end would begin another text.
std::string in_one_line(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    return text;
}

} // namespace

std::vector<std::byte> encode(Kind kind, std::uint32_t sequence,
                              std::span<const std::byte> content) {
    std::vector<std::byte> bytes;
    bytes.reserve(header_size + content.size());
    for (const char letter : letters) {
        bytes.push_back(static_cast<std::byte>(letter));
    }
    put(bytes, static_cast<std::uint32_t>(kind));
    put(bytes, sequence);
    put(bytes, static_cast<std::uint32_t>(content.size()));
    bytes.insert(bytes.end(), content.begin(), content.end());
    return bytes;
}

std::vector<std::byte> encode(Kind kind, std::uint32_t sequence, std::string_view content) {
    return encode(kind, sequence, std::as_bytes(std::span(content)));
}

std::optional<Message> take_message(std::vector<std::byte>& received) {
    const std::size_t known = std::min(received.size(), letters.size());
    for (std::size_t k = 0; k < known; ++k) {
        if (received[k] != static_cast<std::byte>(letters[k])) {
            throw Error(Code::data_loss, "what came is no message of a display");
        }
    }
    if (received.size() < header_size) {
        return std::nullopt;
    }
    const std::uint32_t kind = number_at(received, 4);
    const std::size_t length = number_at(received, 12);
    if (kind < static_cast<std::uint32_t>(Kind::describe) ||
        kind > static_cast<std::uint32_t>(Kind::refused)) {
        throw Error(Code::data_loss, fmt::format("no message of a display is of kind {}", kind));
    }
    if (length > largest_content) {
        throw Error(Code::data_loss,
                    fmt::format("a message of {} bytes; {} is the most", length, largest_content));
    }
    if (received.size() < header_size + length) {
        return std::nullopt;
    }
    const auto first = received.begin() + header_size;
    const auto last = first + static_cast<std::ptrdiff_t>(length);
    Message message{.kind = static_cast<Kind>(kind),
                    .sequence = number_at(received, 8),
                    .content = {first, last}};
    received.erase(received.begin(), last);
    return message;
}

std::string to_content(const Description& description) {
    return fmt::format("{} {}\n{}\n{}\n{}\n{}\n", description.width, description.height,
                       in_one_line(description.maker), in_one_line(description.model),
                       in_one_line(description.serial), in_one_line(description.version));
}

Description description_from(std::span<const std::byte> content) {
    std::istringstream text(text_of(content));
    Description description;
    std::string rest;
    text >> description.width >> description.height;
    std::getline(text, rest);
    std::getline(text, description.maker);
    std::getline(text, description.model);
    std::getline(text, description.serial);
    std::getline(text, description.version);
    const std::uint32_t longest = std::max(description.width, description.height);
    if (!text || !rest.empty() || description.pixels() == 0 || longest > most_pixels_a_side) {
        throw Error(Code::data_loss, "what the display says of itself makes no sense");
    }
    return description;
}

std::string text_of(std::span<const std::byte> content) {
    std::string text(content.size(), '\0');
    std::ranges::transform(content, text.begin(),
                           [](std::byte byte) { return static_cast<char>(byte); });
    return text;
}

} // namespace phyll::display
