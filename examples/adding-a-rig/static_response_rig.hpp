#pragma once

#include "drivers/rigs/instrument_rig.hpp"

namespace phyll::examples {

/// The kind "static-response": see static_response.proto.
[[nodiscard]] rigs::InstrumentRigKind static_response_kind();

} // namespace phyll::examples
