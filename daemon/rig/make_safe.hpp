#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/instruments/instrument.hpp"

#include <filesystem>
#include <string>

namespace phyll::rig {

/// After which an instrument is made safe once more where a process may have died that drove it:
/// what that one had still on its way may come after the first time.
inline constexpr Seconds second_look{0.5};

/// How one instrument was left.
struct MadeSafe {
    bool safe = false; ///< as it reports itself
    std::string line;  ///< for people: "awg: Keysight 33512B, serial MY1: its output is off"
};

/// What to do with the process that drives an instrument.
enum class Holder { leave, kill };

/// Connects to an instrument that belongs to no rig and makes it safe, within four times its
/// timeout. Where another process holds it, says which and leaves it; or kills that process first,
/// once it is seen to hold the instrument still, and waits for the instrument to become free.
[[nodiscard]] MadeSafe make_instrument_safe(instruments::Instrument& instrument,
                                            const instruments::InstrumentSettings& settings,
                                            const std::filesystem::path& lock_dir, Holder holder,
                                            const Clock& clock);

} // namespace phyll::rig
