#pragma once

#include "daemon/runs/checkpoints/run_position.pb.h"
#include "daemon/training/scheme.hpp"

#include <vector>

namespace phyll::runs {

/// All that going on from a step takes, but for what was measured, which the journal has.
struct Checkpoint {
    RunPosition position;
    std::vector<training::NamedArray> state; ///< of the scheme
};

} // namespace phyll::runs
