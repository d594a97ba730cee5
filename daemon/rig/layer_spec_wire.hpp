#pragma once

#include "drivers/core/physical_layer.hpp"

#include <phyll/v1/rig.pb.h>

namespace phyll::rig {

/// What a rig is, as it is stored and goes over the wire; nothing is lost that is valid UTF-8.
[[nodiscard]] v1::LayerSpec to_wire(const LayerSpec& spec);
[[nodiscard]] LayerSpec from_wire(const v1::LayerSpec& spec);

} // namespace phyll::rig
