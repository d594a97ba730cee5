#pragma once

#include "drivers/rigs/instrument_rig.hpp"

namespace phyll::rigs {

/// The kind "optical-instruments": a display in the light before a scattering medium, and a camera
/// behind it; see docs/rigs/optical-instruments.md.
[[nodiscard]] InstrumentRigKind optical_instruments_kind();

} // namespace phyll::rigs
