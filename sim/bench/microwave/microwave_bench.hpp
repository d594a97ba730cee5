#pragma once

#include "sim/bench/microwave/vna.hpp"
#include "sim/bench/registry.hpp"
#include "sim/bench/server/bench.hpp"
#include "sim/physics/microwave/parameters.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace phyll::bench {

/// What the microwave bench is to be. The defaults are the program's.
struct MicrowaveBench {
    std::string vna = "rohde-schwarz-znb"; ///< which one it pretends to be
    std::uint16_t vna_port = 0;            ///< 0: any
    Way vna_way = Way::socket;
    /// Its frequencies are those of the setup in the VNA's file and of the configuration.
    physics::MicrowaveParameters device{};
    std::uint64_t device_seed = 1; ///< which cavity it is
    double f0 = 5.2e9;             ///< Hz
    VnaNature nature{};
    Seconds settle_time{0};   ///< from SHOWN until waves meet the new pattern
    Seconds transfer_time{0}; ///< that every message takes before it is acted on
};

/// Names of the VNAs that there are.
[[nodiscard]] std::vector<std::string> vna_models();

/// A VNA whose ports are those of the simulated cavity ("vna"), and the controller of the
/// metasurface in it, on a serial line ("metasurface"). Throws INVALID_ARGUMENT about what cannot
/// be.
[[nodiscard]] std::unique_ptr<Plan> microwave_plan(const MicrowaveBench& bench);

/// The bench "microwave" of phyllsim.
[[nodiscard]] BenchKind microwave_bench();

} // namespace phyll::bench
