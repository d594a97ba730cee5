#pragma once

#include "drivers/rigs/instrument_rig.hpp"

namespace phyll::rigs {

/// The kind "electronic-instruments": a waveform generator (DAC) drives a circuit, a digitiser
/// (ADC) records it; see docs/rigs/electronic-instruments.md.
[[nodiscard]] InstrumentRigKind electronic_instruments_kind();

} // namespace phyll::rigs
