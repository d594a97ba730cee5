#pragma once

#include "drivers/instruments/instrument.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace phyll::instruments {

/// A spatial light modulator: a picture of levels, 0 to 255, row by row from the top left. Its safe
/// state is blank, level 0 everywhere, before its look-up table.
class Slm : public Instrument {
  public:
    struct Size {
        std::size_t width = 0;
        std::size_t height = 0;

        bool operator==(const Size&) const = default;

        [[nodiscard]] std::size_t pixels() const noexcept { return width * height; }
    };
    /// 0 x 0 before it was ever connected. Any thread.
    [[nodiscard]] virtual Size size() const noexcept = 0;
    /// What its look-up table is, in words: another one makes it another modulator.
    [[nodiscard]] virtual const std::string& level_words() const noexcept = 0;

    /// Returns once the display has that very picture: what is to settle from then on is the light.
    /// Throws INVALID_ARGUMENT when it has not as many levels as the modulator has pixels,
    /// UNAVAILABLE when the display has it not.
    virtual void show(std::span<const std::uint8_t> levels, const Patience& patience) = 0;
};

} // namespace phyll::instruments
