#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/instruments/instrument.hpp"
#include "drivers/instruments/slm.hpp"

#include <filesystem>
#include <memory>

namespace phyll::instruments {

/// A spatial light modulator that is a display, behind a phyllslm that is reached over a raw
/// socket. Throws INVALID_ARGUMENT when the settings cannot be. `clock` outlives it.
[[nodiscard]] std::unique_ptr<Slm> make_display_slm(const InstrumentSettings& settings,
                                                    const std::filesystem::path& lock_dir,
                                                    const Clock& clock);

} // namespace phyll::instruments
