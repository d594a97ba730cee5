#include "drivers/core/random.hpp"
#include "sim/physics/acoustic/integrator.hpp"
#include "sim/physics/acoustic/modes.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <numbers>

using namespace phyll;
using namespace phyll::physics;

namespace {

using Integrator = AcousticIntegrator<double>;

/// A parameter set without any loss.
AcousticParameters lossless() {
    AcousticParameters p;
    p.reverberation_time = 1e15;
    p.membrane_q = 1e15;
    return p;
}

/// Air and membranes in violent, random motion.
void stir(const Integrator& integrator, Integrator::Tile& tile) {
    const KeyedRandom random(4, "stir");
    for (std::size_t lane = 0; lane < Integrator::lanes; ++lane) {
        for (std::size_t n = 0; n < integrator.modes(); ++n) {
            tile.q(n, lane) = 20 * random.normal(lane, 2 * n);
            tile.u(n, lane) = 20 * random.normal(lane, 2 * n + 1);
        }
        for (std::size_t m = 0; m < 4; ++m) {
            tile.x(m, lane) = 1e-4 * random.normal(lane, 1000 + m);
            tile.v(m, lane) = 0.3 * random.normal(lane, 2000 + m);
        }
    }
}

} // namespace

TEST_CASE("a mode left alone decays as a damped oscillation") {
    AcousticParameters p;
    p.membrane_area = 0.0;
    const Integrator integrator(p, nominal_geometry(p));
    Integrator::Tile tile = integrator.new_tile();
    tile.q(1, 0) = 1.0;
    constexpr std::size_t steps = 400;
    REQUIRE(integrator.run(tile, steps, steps) == 0);
    const double t = steps / p.sample_rate;
    const double omega = acoustic_modes(p)[1].omega;
    const double decay = mode_decay(p);
    const double nu = std::sqrt(omega * omega - decay * decay);
    const double envelope = std::exp(-decay * t);
    REQUIRE(tile.q(1, 0) ==
            Approx(envelope * (std::cos(nu * t) - decay / nu * std::sin(nu * t))).margin(1e-12));
    REQUIRE(tile.u(1, 0) == Approx(envelope * omega / nu * std::sin(nu * t)).margin(1e-12));
    REQUIRE(tile.q(2, 0) == 0.0);
}

TEST_CASE("without drive no step gains energy") {
    const AcousticParameters p;
    const Integrator integrator(p, nominal_geometry(p));
    Integrator::Tile tile = integrator.new_tile();
    stir(integrator, tile);
    for (int step = 0; step < 500; ++step) {
        const double before = integrator.energy(tile, 0);
        REQUIRE(integrator.run(tile, 1, 1) == 0);
        REQUIRE(integrator.energy(tile, 0) <= before * (1 + 1e-12));
    }
}

TEST_CASE("without drive and losses energy is kept, however stiff the membranes") {
    AcousticParameters p = lossless();
    p.nonlinearity = GENERATE(0.0, 1.0, 100.0);
    const Integrator integrator(p, nominal_geometry(p));
    Integrator::Tile tile = integrator.new_tile();
    stir(integrator, tile);
    const double before = integrator.energy(tile, 3);
    REQUIRE(integrator.run(tile, 2000, 2000) == 0);
    REQUIRE(integrator.energy(tile, 3) == Approx(before).epsilon(1e-10));
}

TEST_CASE("what the air and the membranes gain is what the speaker does, less the losses") {
    // A microphone at the speaker hears the pressure that it works against. Tone 0 has phase 0, so
    // the work over a whole window, h sum Q p, is h times the sum that makes the phasor's real
    // part.
    const bool losses = GENERATE(false, true);
    AcousticParameters p = losses ? AcousticParameters{} : lossless();
    p.microphones[0] = p.speakers[0];
    const Integrator integrator(p, nominal_geometry(p));
    Integrator::Tile tile = integrator.new_tile();
    const double amplitude = 3e-4;
    tile.amplitude(0, 0) = amplitude;
    const std::size_t steps = p.window_steps();
    REQUIRE(integrator.run(tile, steps, 0) == 0);
    const double work =
        amplitude * tile.pressure(0, 0).real() / 2 * static_cast<double>(steps) / p.sample_rate;
    const double gained = integrator.energy(tile, 0);
    REQUIRE(work > 0.0);
    if (losses) {
        REQUIRE(gained < 0.9 * work);
    } else {
        REQUIRE(gained == Approx(work).epsilon(1e-9));
    }
}
