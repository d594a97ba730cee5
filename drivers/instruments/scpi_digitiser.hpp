#pragma once

#include "drivers/instruments/digitiser.hpp"
#include "drivers/instruments/shelf.hpp"

#include <filesystem>
#include <memory>

namespace phyll::instruments {

/// A digitiser that speaks SCPI, in the language of a dialect's file. Throws INVALID_ARGUMENT when
/// the settings cannot be. `clock` outlives it.
[[nodiscard]] std::unique_ptr<Digitiser> make_scpi_digitiser(const InstrumentSettings& settings,
                                                             const std::filesystem::path& lock_dir,
                                                             const Clock& clock, ReadToml read);

} // namespace phyll::instruments
