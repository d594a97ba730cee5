#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/instruments/instrument.hpp"
#include "drivers/instruments/metasurface.hpp"

#include <filesystem>
#include <memory>

namespace phyll::instruments {

/// A metasurface whose controller is reached over a serial line or a raw socket, in one of the
/// protocols of `metasurface_protocols`. Throws INVALID_ARGUMENT when the settings cannot be.
/// `clock` outlives it.
[[nodiscard]] std::unique_ptr<Metasurface>
make_serial_metasurface(const InstrumentSettings& settings, const std::filesystem::path& lock_dir,
                        const Clock& clock);

} // namespace phyll::instruments
