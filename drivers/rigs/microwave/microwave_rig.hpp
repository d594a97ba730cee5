#pragma once

#include "drivers/rigs/instrument_rig.hpp"

namespace phyll::rigs {

/// The kind "microwave-instruments": a metasurface in a cavity between the ports of a vector
/// network analyser; see docs/rigs/microwave-instruments.md.
[[nodiscard]] InstrumentRigKind microwave_instruments_kind();

} // namespace phyll::rigs
