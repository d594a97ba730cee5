#pragma once

#include "drivers/rigs/instrument_rig.hpp"

#include <phyll/v1/rigs.pb.h>

namespace phyll::rig {

/// Without the rig and the time.
[[nodiscard]] v1::SnapshotReply to_wire(const rigs::Snapshot& snapshot);

/// Throws INVALID_ARGUMENT when nothing of it is set.
[[nodiscard]] rigs::Pose from_wire(const v1::Pose& pose);

} // namespace phyll::rig
