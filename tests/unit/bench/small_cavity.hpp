#pragma once

#include "sim/bench/microwave/microwave_bench.hpp"

namespace phyll::test {

/// A microwave bench that is built in no time: ten meta-atoms in a wide fence, five frequencies.
[[nodiscard]] inline bench::MicrowaveBench small_cavity() {
    bench::MicrowaveBench bench;
    bench.device.atoms = 10;
    bench.device.points = 5;
    bench.device.perimeter = 16.0;
    bench.device.port_distance = 1.5;
    bench.device.rods = 2;
    bench.device.wire_spacing = 0.4;
    return bench;
}

} // namespace phyll::test
