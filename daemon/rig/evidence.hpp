#pragma once

#include "drivers/core/physical_layer.hpp"

#include <phyll/v1/rig.pb.h>

#include <algorithm>
#include <array>

namespace phyll::rig {

/// Evidence as it is stored and goes over the wire.
[[nodiscard]] inline v1::Evidence to_wire(Evidence evidence) noexcept {
    switch (evidence) {
    case Evidence::simulation:
        return v1::SIMULATION;
    case Evidence::virtual_instruments:
        return v1::VIRTUAL_INSTRUMENTS;
    case Evidence::replay_twin:
        return v1::REPLAY_TWIN;
    case Evidence::replay:
        return v1::REPLAY;
    case Evidence::hardware:
        return v1::HARDWARE;
    }
    return v1::EVIDENCE_UNSPECIFIED;
}

/// The place of a kind of evidence among the others, the weakest first. A twin has seen
/// measurements, but what it answers is none.
[[nodiscard]] inline int strength(v1::Evidence evidence) noexcept {
    constexpr std::array order{v1::SIMULATION, v1::VIRTUAL_INSTRUMENTS, v1::REPLAY_TWIN, v1::REPLAY,
                               v1::HARDWARE};
    return static_cast<int>(std::ranges::find(order, evidence) - order.begin());
}

/// A result that rests on both is no better than the weaker one; unspecified stands for nothing
/// yet.
[[nodiscard]] inline v1::Evidence weaker(v1::Evidence a, v1::Evidence b) noexcept {
    return a == v1::EVIDENCE_UNSPECIFIED   ? b
           : b == v1::EVIDENCE_UNSPECIFIED ? a
           : strength(a) < strength(b)     ? a
                                           : b;
}

} // namespace phyll::rig
