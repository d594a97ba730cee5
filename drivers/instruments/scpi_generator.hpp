#pragma once

#include "drivers/instruments/shelf.hpp"
#include "drivers/instruments/waveform_generator.hpp"

#include <filesystem>
#include <memory>

namespace phyll::instruments {

/// A generator that speaks SCPI, in the language of a dialect's file. Throws INVALID_ARGUMENT when
/// the settings cannot be. `clock` outlives it.
[[nodiscard]] std::unique_ptr<WaveformGenerator>
make_scpi_generator(const InstrumentSettings& settings, const std::filesystem::path& lock_dir,
                    const Clock& clock, ReadToml read);

} // namespace phyll::instruments
