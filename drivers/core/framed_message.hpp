#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace phyll {

/// What tells one protocol of framed messages from another.
struct Framing {
    std::array<char, 4> letters; ///< that every message begins with: "SLM1"
    std::uint32_t kinds;         ///< messages are of the kinds 1 to this
    std::uint32_t refused;       ///< the kind that answers what cannot be done, with a text
    std::string_view about;      ///< "a display": of whom messages are, for the words of errors
};

/// A message over a stream of bytes: a header of 16 bytes, its numbers with the low byte first
/// (four letters, kind, sequence number, length of what follows, 4 bytes each), and its content.
/// Whoever asks numbers its questions; an answer has the number of its question.
struct FramedMessage {
    std::uint32_t kind = 0;
    std::uint32_t sequence = 0;
    std::vector<std::byte> content;
};

inline constexpr std::size_t frame_header_size = 16;
inline constexpr std::size_t largest_frame_content = std::size_t{64} << 20;

[[nodiscard]] std::vector<std::byte> encode(const Framing& framing, std::uint32_t kind,
                                            std::uint32_t sequence,
                                            std::span<const std::byte> content = {});
[[nodiscard]] std::vector<std::byte> encode(const Framing& framing, std::uint32_t kind,
                                            std::uint32_t sequence, std::string_view content);

/// Takes the first message out of what was received; nothing while it is not whole. Throws
/// DATA_LOSS when that is no message of the protocol.
[[nodiscard]] std::optional<FramedMessage> take_message(const Framing& framing,
                                                        std::vector<std::byte>& received);

[[nodiscard]] std::string text_of(std::span<const std::byte> content);

/// The content of a text in lines: an end of line within one would begin another.
[[nodiscard]] std::string in_one_line(std::string text);

} // namespace phyll
