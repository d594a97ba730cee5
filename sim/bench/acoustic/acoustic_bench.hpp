#pragma once

#include "sim/bench/acoustic/room.hpp"
#include "sim/bench/registry.hpp"
#include "sim/bench/server/bench.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace phyll::bench {

/// What the acoustic bench is to be. The defaults are the program's.
struct AcousticBench {
    AcousticBench() {
        nature.device.sample_rate = 48'000;
        nature.device.settle_time = 0.1;
    }

    Room::Nature nature{};        ///< its sample rate is the sound server's, too
    unsigned period = 0;          ///< frames of the sound server; 0: 1024, in real time 256
    bool real_time = false;       ///< else as fast as it can, in step with what is asked for
    std::uint16_t audio_port = 0; ///< 0: any
    Seconds transfer_time{0};     ///< that every message takes before it is acted on
};

/// Of a rig on the bench, beside the instrument's name, so that it is the simulation's twin: a list
/// of TOML's "key = value", with commas.
[[nodiscard]] std::string acoustic_options(const Room::Nature& nature);

/// A sound server with the simulated cavity as its card, and the phyllaudio ("audio") that plays
/// and records there. Throws INVALID_ARGUMENT about what cannot be.
[[nodiscard]] std::unique_ptr<Plan> acoustic_plan(const AcousticBench& bench);

/// The bench "acoustic" of phyllsim.
[[nodiscard]] BenchKind acoustic_bench();

} // namespace phyll::bench
