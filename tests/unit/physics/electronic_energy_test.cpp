#include "sim/physics/electronic/integrator.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using namespace phyll::physics;

namespace {

using Integrator = ElectronicIntegrator<double>;

/// One time step of hold_time per DAC sample, so that every step is seen.
ElectronicParameters step_by_step() {
    ElectronicParameters p;
    p.dac_samples = 1;
    p.adc_first = 1;
    p.steps_per_sample = 1;
    p.hold_time = 12.5e-6;
    return p;
}

} // namespace

TEST_CASE("an undriven ladder loses energy in every step, from any charge and in any step") {
    ElectronicParameters p = step_by_step();
    const double volts = GENERATE(0.1, 0.6, 5.0);
    p.hold_time = GENERATE(12.5e-6, 1e-3, 1.0);
    p.diodes = GENERATE(true, false);
    CAPTURE(volts, p.hold_time, p.diodes);
    const Integrator integrator(p, nominal_components(p));
    Integrator::Tile tile = integrator.new_tile();
    for (std::size_t j = 0; j < p.stages; ++j) {
        tile.v(j, 0) = volts;
        tile.v(j, 1) = j % 2 == 0 ? volts : -volts;
        tile.v(j, 2) = j == 4 ? volts : 0.0;
    }
    for (int step = 0; step < 200; ++step) {
        const double before[] = {integrator.energy(tile, 0), integrator.energy(tile, 1),
                                 integrator.energy(tile, 2)};
        REQUIRE(integrator.run(tile) == 0);
        for (std::size_t lane = 0; lane < 3; ++lane) {
            REQUIRE(integrator.energy(tile, lane) <= before[lane]);
        }
    }
    if (p.hold_time < 1e-3) {
        REQUIRE(integrator.energy(tile, 0) < 0.1 * 5 * p.capacitance * volts * volts / 2);
    }
}

TEST_CASE("a driven ladder takes in no more than the DAC gives it") {
    // Over a step the DAC gives h u (u - y_1)/R, the resistor before node 1 included.
    const ElectronicParameters p = step_by_step();
    const Integrator integrator(p, nominal_components(p));
    Integrator::Tile tile = integrator.new_tile();
    tile.dac(0, 0) = 3.0;
    double given = 0.0;
    for (int step = 0; step < 400; ++step) {
        const double before = tile.v(0, 0);
        REQUIRE(integrator.run(tile) == 0);
        const double middle = (before + tile.v(0, 0)) / 2;
        given += p.hold_time * 3.0 * (3.0 - middle) / p.resistance;
        REQUIRE(integrator.energy(tile, 0) < given);
    }
    REQUIRE(integrator.energy(tile, 0) > 0.0);
}
