#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace phyll::display {

/// What phylld and phyllslm say to each other over a stream of bytes. A message is a header of 16
/// bytes, its numbers with the low byte first (the four letters "SLM1", kind, sequence number,
/// length of what follows, 4 bytes each), and its content. Whoever asks numbers its questions; an
/// answer has the number of its question.
enum class Kind : std::uint32_t {
    describe = 1,    ///< asks what the display is
    description = 2, ///< the answer: see Description
    /// Asks for a picture: a level for each pixel, row by row from the top left; nothing at all
    /// stands for level 0 everywhere.
    show = 3,
    shown = 4,   ///< the answer: the picture was handed to the display
    refused = 5, ///< the answer to what cannot be done: a text
};

struct Message {
    Kind kind = Kind::describe;
    std::uint32_t sequence = 0;
    std::vector<std::byte> content;
};

inline constexpr std::size_t header_size = 16;
inline constexpr std::size_t largest_content = std::size_t{64} << 20;

[[nodiscard]] std::vector<std::byte> encode(Kind kind, std::uint32_t sequence,
                                            std::span<const std::byte> content = {});
[[nodiscard]] std::vector<std::byte> encode(Kind kind, std::uint32_t sequence,
                                            std::string_view content);

/// Takes the first message out of what was received; nothing while it is not whole. Throws
/// DATA_LOSS when that is no message.
[[nodiscard]] std::optional<Message> take_message(std::vector<std::byte>& received);

/// A display, its pixels and what it says that it is; what it does not say is empty.
struct Description {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::string maker{};
    std::string model{};
    std::string serial{};
    std::string version{}; ///< of the program that drives it

    bool operator==(const Description&) const = default;

    [[nodiscard]] std::size_t pixels() const noexcept { return std::size_t{width} * height; }
};

/// "1272 1024" and the four texts, a line each.
[[nodiscard]] std::string to_content(const Description& description);
/// Throws DATA_LOSS when it is none.
[[nodiscard]] Description description_from(std::span<const std::byte> content);

[[nodiscard]] std::string text_of(std::span<const std::byte> content);

} // namespace phyll::display
