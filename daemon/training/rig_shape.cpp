#include "daemon/training/rig_shape.hpp"

#include <algorithm>

namespace phyll::training {
namespace {

bool is_continuous(const DriveChannel& input) {
    return input.levels == 0;
}

std::optional<PhaseRange> phase_of(const LayerSpec& spec) {
    if (spec.inputs.empty()) {
        return std::nullopt;
    }
    const PhaseRange range{spec.inputs.front().at_zero, spec.inputs.front().at_one};
    const bool all = std::ranges::all_of(spec.inputs, [&](const DriveChannel& input) {
        return input.unit == "rad" && input.at_zero == range.at_zero &&
               input.at_one == range.at_one;
    });
    return all ? std::optional(range) : std::nullopt;
}

} // namespace

RigShape shape_of(const LayerSpec& spec) {
    RigShape shape{.inputs = spec.n_in(),
                   .outputs = spec.n_out(),
                   .response_storage = spec.response_storage,
                   .phase = phase_of(spec)};
    if (!std::ranges::all_of(spec.inputs, is_continuous)) {
        for (const DriveChannel& input : spec.inputs) {
            shape.levels.push_back(input.levels);
        }
    }
    return shape;
}

} // namespace phyll::training
