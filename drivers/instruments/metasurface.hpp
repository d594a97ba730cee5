#pragma once

#include "drivers/instruments/instrument.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace phyll::instruments {

/// A programmable metasurface: meta-atoms that are on or off. Its safe state is all of them off.
class Metasurface : public Instrument {
  public:
    /// Number of meta-atoms; 0 before it was ever connected. Any thread.
    [[nodiscard]] virtual std::size_t atoms() const noexcept = 0;

    /// Sends a pattern, a number for each meta-atom, 0 for off, and returns while the controller
    /// may still be busy with it. Throws INVALID_ARGUMENT when there are not as many as `atoms`.
    virtual void begin_pattern(std::span<const std::uint8_t> pattern, const Patience& patience) = 0;
    /// Waits until the controller says that it shows that very pattern; sends it again where that
    /// is lost. Throws UNAVAILABLE when it does not, or refuses it.
    virtual void finish_pattern(const Patience& patience) = 0;

    void show(std::span<const std::uint8_t> pattern, const Patience& patience) {
        begin_pattern(pattern, patience);
        finish_pattern(patience);
    }
};

} // namespace phyll::instruments
