#pragma once

#include "sim/bench/electronic/digitiser.hpp"
#include "sim/bench/electronic/generator.hpp"
#include "sim/bench/registry.hpp"
#include "sim/bench/server/bench.hpp"
#include "sim/physics/electronic/parameters.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace phyll::bench {

/// What the electronic bench is to be. The defaults are the program's.
struct ElectronicBench {
    std::string generator = "keysight-33500";         ///< which one it pretends to be
    std::string digitiser = "keysight-infiniivision"; ///< which one it pretends to be
    std::uint16_t generator_port = 0;                 ///< 0: any
    std::uint16_t digitiser_port = 0;                 ///< 0: any
    physics::ElectronicParameters circuit{};
    OutputErrors output{};
    DigitiserNature nature{};
    Seconds latency{2.35e-6}; ///< from the trigger to the waveform's first point
    Seconds transfer_time{0}; ///< that every message takes before it is acted on
};

/// Names of the generators that there are; likewise of the digitisers.
[[nodiscard]] std::vector<std::string> generator_models();
[[nodiscard]] std::vector<std::string> digitiser_models();

/// A generator whose output drives the ladder, and a digitiser: channel 1 sees node 1, channel 2
/// node 3, channel 3 the generator's output, channel 4 is open. The generator's trigger output is
/// wired to the digitiser's external trigger. Throws INVALID_ARGUMENT about what cannot be.
[[nodiscard]] std::unique_ptr<Plan> electronic_plan(const ElectronicBench& bench);

/// The bench "electronic" of phyllsim.
[[nodiscard]] BenchKind electronic_bench();

} // namespace phyll::bench
