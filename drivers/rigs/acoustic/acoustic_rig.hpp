#pragma once

#include "drivers/rigs/instrument_rig.hpp"

namespace phyll::rigs {

/// The kind "acoustic-instruments": speakers and microphones in a cavity, by one sound card; see
/// docs/rigs/acoustic-instruments.md.
[[nodiscard]] InstrumentRigKind acoustic_instruments_kind();

} // namespace phyll::rigs
