#pragma once

#include "drivers/core/physical_layer.hpp"

#include <phyll/v1/rig.pb.h>

#include <algorithm>

namespace phyll::rig {

/// Evidence as it is stored and goes over the wire.
[[nodiscard]] inline v1::Evidence to_wire(Evidence evidence) noexcept {
    switch (evidence) {
    case Evidence::simulation:
        return v1::SIMULATION;
    case Evidence::virtual_instruments:
        return v1::VIRTUAL_INSTRUMENTS;
    case Evidence::replay:
        return v1::REPLAY;
    case Evidence::hardware:
        return v1::HARDWARE;
    }
    return v1::EVIDENCE_UNSPECIFIED;
}

/// A result that rests on both is no better than the weaker one; unspecified stands for nothing
/// yet.
[[nodiscard]] inline v1::Evidence weaker(v1::Evidence a, v1::Evidence b) noexcept {
    return a == v1::EVIDENCE_UNSPECIFIED ? b : b == v1::EVIDENCE_UNSPECIFIED ? a : std::min(a, b);
}

} // namespace phyll::rig
