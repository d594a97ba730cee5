#pragma once

#include "sim/bench/optical/scene.hpp"
#include "sim/bench/registry.hpp"
#include "sim/bench/server/bench.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace phyll::bench {

/// What the optical bench is to be. The defaults are the program's.
struct OpticalBench {
    Scene::Nature nature{};
    std::size_t width = 640; ///< of the display, in pixels
    std::size_t height = 512;
    std::uint16_t slm_port = 0; ///< 0: any
    Seconds latency{0};         ///< from when a picture was shown until light meets it
    Seconds refresh{0};         ///< of the display: then only pictures change; 0: at any time
    Seconds transfer_time{0};   ///< that every message to the display takes before it is acted on
    /// What an exposure takes of real time, in units of its own: 0 is none of it.
    double exposing = 0.0;
    std::string camera_address = "127.0.0.1";
    /// The X server whose screen is looked at, which a phyllslm shows pictures on; empty: the
    /// display is the bench's own.
    std::string screen{};
    std::string screen_address{}; ///< of that phyllslm
};

/// A display ("slm") and a camera ("camera") before and behind the simulated medium. Throws
/// INVALID_ARGUMENT about what cannot be.
[[nodiscard]] std::unique_ptr<Plan> optical_plan(const OpticalBench& bench);

/// The bench "optical" of phyllsim.
[[nodiscard]] BenchKind optical_bench();

} // namespace phyll::bench
