#pragma once

#include "drivers/core/framed_message.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace phyll::display {

/// What phylld and phyllslm say to each other; the kinds of their messages.
struct Kind {
    static constexpr std::uint32_t describe = 1;    ///< asks what the display is
    static constexpr std::uint32_t description = 2; ///< the answer: see Description
    /// Asks for a picture: a level for each pixel, row by row from the top left; nothing at all
    /// stands for level 0 everywhere.
    static constexpr std::uint32_t show = 3;
    static constexpr std::uint32_t shown = 4;   ///< the answer: it was handed to the display
    static constexpr std::uint32_t refused = 5; ///< the answer to what cannot be done: a text
};

inline constexpr Framing framing{.letters = {'S', 'L', 'M', '1'},
                                 .kinds = Kind::refused,
                                 .refused = Kind::refused,
                                 .about = "a display"};

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

} // namespace phyll::display
