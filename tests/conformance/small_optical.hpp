#pragma once

#include "sim/bench/optical/optical_bench.hpp"

namespace phyll::conformance {

inline constexpr const char* small_optical_rig = "width = 6\nheight = 5\noutputs = 40\n";

/// 6 x 5 pixels and 40 super-pixels, without noise: what is measured twice is the same.
[[nodiscard]] inline phyll::bench::OpticalBench small_optical_bench() {
    phyll::bench::OpticalBench kind;
    kind.nature.device.width = 6;
    kind.nature.device.height = 5;
    kind.nature.device.outputs = 40;
    kind.nature.device.camera_noise = 0.0;
    kind.width = 64;
    kind.height = 48;
    return kind;
}

} // namespace phyll::conformance
