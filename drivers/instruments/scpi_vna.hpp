#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/instruments/shelf.hpp"
#include "drivers/instruments/vna.hpp"

#include <filesystem>
#include <memory>

namespace phyll::instruments {

/// A vector network analyser that speaks SCPI in one of the dialects of dialects/vnas. Throws as
/// Shelf does.
[[nodiscard]] std::unique_ptr<Vna> make_scpi_vna(const InstrumentSettings& settings,
                                                 const std::filesystem::path& lock_dir,
                                                 const Clock& clock, ReadToml read);

} // namespace phyll::instruments
