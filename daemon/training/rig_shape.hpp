#pragma once

#include "drivers/core/physical_layer.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace phyll::training {

/// The phases, in rad, of drive 0 and of drive 1.
struct PhaseRange {
    double at_zero = 0.0;
    double at_one = 0.0;
};

/// What a scheme needs to know of a rig.
struct RigShape {
    std::size_t inputs = 0;
    std::size_t outputs = 0;
    /// How a response is stored without loss.
    StorageFormat response_storage{};
    /// Distinct levels of each input's drive (0: continuous); empty when all are continuous.
    std::vector<unsigned> levels{};
    /// Where every input is a phase, of the same range.
    std::optional<PhaseRange> phase{};
};

[[nodiscard]] RigShape shape_of(const LayerSpec& spec);

} // namespace phyll::training
