#pragma once

#include "drivers/instruments/audio_duplex.hpp"

#include <filesystem>
#include <memory>

namespace phyll::instruments {

/// A sound card that a phyllaudio serves (docs/audio-protocol.md). Silent whenever nobody is
/// connected. Throws INVALID_ARGUMENT when the settings cannot be. `clock` outlives it.
[[nodiscard]] std::unique_ptr<AudioDuplex> make_served_audio(const InstrumentSettings& settings,
                                                             const std::filesystem::path& lock_dir,
                                                             const Clock& clock);

} // namespace phyll::instruments
