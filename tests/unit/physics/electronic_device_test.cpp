#include "drivers/core/error.hpp"
#include "drivers/core/random.hpp"
#include "sim/physics/electronic/ladder.hpp"
#include "sim/physics/kernels/electronic_kernel.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>

using namespace phyll;
using namespace phyll::physics;

namespace {

/// Largest relative error of the kernel's sinh and cosh against the library's, in long double, over
/// arguments of either sign and of every size up to `largest`.
template <class Real>
double hyperbolic_error(Real largest, void (*kernel)(const Real*, Real*, Real*)) {
    constexpr std::size_t lanes = kernels::electronic_lanes<Real>;
    const KeyedRandom random(1, "arguments");
    double worst = 0.0;
    for (std::uint64_t round = 0; round < 4000; ++round) {
        std::array<Real, lanes> x{};
        std::array<Real, lanes> sinh{};
        std::array<Real, lanes> cosh{};
        for (std::size_t i = 0; i < lanes; ++i) {
            const double u = 2 * random.uniform(round, i) - 1;
            x[i] = static_cast<Real>(largest * (round % 2 == 0 ? u : std::pow(u, 9)));
        }
        kernel(x.data(), sinh.data(), cosh.data());
        for (std::size_t i = 0; i < lanes; ++i) {
            const long double exact = x[i];
            const long double of_sinh = std::abs(sinh[i] / std::sinh(exact) - 1);
            const long double of_cosh = std::abs(cosh[i] / std::cosh(exact) - 1);
            worst = std::max(worst, static_cast<double>(std::max(of_sinh, of_cosh)));
        }
    }
    return worst;
}

} // namespace

TEST_CASE("the kernel's sinh and cosh are as exact as it says") {
    using namespace kernels;
    REQUIRE(hyperbolic_error<float>(87.0F, phyll_electronic_hyperbolic_float) < 4e-7);
    REQUIRE(hyperbolic_error<double>(700.0, phyll_electronic_hyperbolic_double) < 1e-15);
}

TEST_CASE("arguments that nothing could be computed with leave sinh at its bound or not a number") {
    std::array<float, kernels::electronic_lanes<float>> x{0.0F, 1e30F, -1e30F, std::nanf("")};
    std::array<float, x.size()> sinh{};
    std::array<float, x.size()> cosh{};
    kernels::phyll_electronic_hyperbolic_float(x.data(), sinh.data(), cosh.data());
    REQUIRE(sinh[0] == 0.0F);
    REQUIRE(cosh[0] == 1.0F);
    REQUIRE(sinh[1] == Approx(std::sinh(87.0)));
    REQUIRE(sinh[2] == Approx(-std::sinh(87.0)));
    REQUIRE(std::isnan(sinh[3]));
}

TEST_CASE("readings are named instant by instant, node by node") {
    ElectronicParameters p;
    std::vector<ElectronicReading> readings = readings_of(p);
    REQUIRE(readings.size() == 20);
    REQUIRE(readings[0].node == 1);
    REQUIRE(readings[1].node == 3);
    REQUIRE(readings[1].sample == 2);
    REQUIRE(readings[19].sample == 20);
    p.adc_nodes = {5};
    p.adc_first = 7;
    p.adc_every = 6;
    readings = readings_of(p);
    REQUIRE(readings.size() == 3);
    REQUIRE(readings[2].node == 5);
    REQUIRE(readings[2].sample == 19);
}

TEST_CASE("the ADC rounds to its codes, keeps 0 V and saturates") {
    const Adc adc(12, 1.0);
    REQUIRE(adc.codes() == 4096);
    REQUIRE(adc.step() == 1.0 / 2048);
    REQUIRE(adc.read(0.0F) == 0.0F);
    REQUIRE(adc.read(0.6F * static_cast<float>(adc.step())) == static_cast<float>(adc.step()));
    REQUIRE(adc.read(-7.0F) == -1.0F);
    REQUIRE(adc.read(7.0F) == static_cast<float>(2047.0 / 2048));
    const Adc wire(0, 1.0);
    REQUIRE_FALSE(wire.quantises());
    REQUIRE(wire.read(7.1F) == 7.1F);
}

TEST_CASE("a range that is not given is the one that fits what can happen") {
    ElectronicParameters p;
    REQUIRE(adc_range_of(p) == 1.0); // diodes: at most 0.59 V
    p.adc_range = 0.3;
    REQUIRE(adc_range_of(p) == 0.3);
    p.adc_range = 0.0;
    p.diodes = false;
    REQUIRE(adc_range_of(p) == 5.0);
    p.dac_low = -0.01;
    p.dac_high = 0.012;
    REQUIRE(adc_range_of(p) == Approx(0.02));
    p.dac_high = 1.0;
    REQUIRE(adc_range_of(p) == 1.0);
}

TEST_CASE("the DAC rests for as long as the slowest mode needs to fall to half a step of the ADC") {
    ElectronicParameters p;
    p.stages = 1; // a time constant of 100 us
    p.adc_bits = 9;
    REQUIRE(rest_time(p) == Approx(100e-6 * std::log(1024.0)));
    p.adc_bits = 0;
    REQUIRE(rest_time(p) == Approx(100e-6 * std::log(8192.0)));
    REQUIRE(rest_time(ElectronicParameters{}) == Approx(11.1e-3).epsilon(0.01));
    REQUIRE(waveform_time(ElectronicParameters{}) == Approx(2e-3));
}

TEST_CASE("displacements move every component, and wear the first stage") {
    const ElectronicParameters p;
    const ElectronicComponents nominal = nominal_components(p);
    std::vector<double> offsets(electronic_displacements(p.stages));
    REQUIRE(displaced_components(p, offsets) == nominal);

    // A root mean square of 0.3, all but the first R downwards.
    std::ranges::fill(offsets, -0.3);
    const ElectronicComponents moved = displaced_components(p, offsets);
    const auto ln = [](double a, double b) { return std::log(a / b); };
    REQUIRE(ln(moved[0].resistance, p.resistance) == Approx(0.45).epsilon(0.01));
    REQUIRE(ln(moved[0].capacitance, p.capacitance) == Approx(0.45).epsilon(0.01));
    for (std::size_t j = 1; j < p.stages; ++j) {
        REQUIRE(ln(moved[j].resistance, p.resistance) == Approx(-0.15).epsilon(0.01));
        REQUIRE(ln(moved[j].capacitance, p.capacitance) == Approx(-0.15).epsilon(0.01));
    }
    for (std::size_t j = 0; j < p.stages; ++j) {
        REQUIRE(ln(moved[j].saturation_current, p.saturation_current) ==
                Approx(-0.15).epsilon(0.01));
        REQUIRE(ln(moved[j].slope, nominal[j].slope) == Approx(-0.015).epsilon(0.01));
    }

    // Old age leaves a device that can be computed.
    std::ranges::fill(offsets, 1e6);
    const ElectronicComponents old = displaced_components(p, offsets);
    REQUIRE(old[0].resistance == Approx(1000 * p.resistance));
    REQUIRE(old[0].slope == Approx(2 * nominal[0].slope));
    REQUIRE_THROWS_AS(displaced_components(p, std::vector<double>(3)), Error);
}

TEST_CASE("a ladder without diodes gets none by displacement") {
    ElectronicParameters p;
    p.diodes = false;
    const std::vector<double> offsets(electronic_displacements(p.stages), 1.0);
    REQUIRE(displaced_components(p, offsets)[2].saturation_current == 0.0);
}

TEST_CASE("electronic parameters that cannot be are refused by name") {
    ElectronicParameters p;
    std::string field;
    SECTION("no stage") {
        p.stages = 0;
        field = "stages";
    }
    SECTION("more stages than are computed") {
        p.stages = 17;
        field = "stages";
    }
    SECTION("a short circuit") {
        p.resistance = 0;
        field = "resistance";
    }
    SECTION("no capacitor") {
        p.capacitance = std::nan("");
        field = "capacitance";
    }
    SECTION("a DAC without a range") {
        p.dac_high = p.dac_low;
        field = "dac_high";
    }
    SECTION("a node that is not there") {
        p.adc_nodes = {1, 6};
        field = "adc_nodes";
    }
    SECTION("a node twice") {
        p.adc_nodes = {2, 3, 2};
        field = "adc_nodes";
    }
    SECTION("no node") {
        p.adc_nodes = {};
        field = "adc_nodes";
    }
    SECTION("an instant after the last") {
        p.adc_first = 21;
        field = "adc_first";
    }
    SECTION("more bits than are stored") {
        p.adc_bits = 17;
        field = "adc_bits";
    }
    SECTION("no time step") {
        p.steps_per_sample = 0;
        field = "steps_per_sample";
    }
    try {
        const ElectronicLadder ladder(p);
        FAIL("accepted");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::invalid_argument);
        REQUIRE(error.violations().at(0).field == field);
    }
}

TEST_CASE("a sample's readings do not depend on its neighbours, its place or the threads") {
    ElectronicParameters p;
    p.adc_bits = 0; // every bit counts
    const ElectronicLadder ladder(p);
    const KeyedRandom random(1, "stimuli");
    constexpr std::size_t samples = 37;
    OwnedBlock x(ladder.n_in(), samples);
    for (std::size_t i = 0; i < samples; ++i) {
        for (std::size_t k = 0; k < ladder.n_in(); ++k) {
            x.sample(i)[k] = static_cast<float>(random.uniform(i, k));
        }
    }
    Workers one(1);
    Workers three(3);
    OwnedBlock together(ladder.n_out(), samples);
    OwnedBlock shared(ladder.n_out(), samples);
    OwnedBlock alone(ladder.n_out(), samples);
    ladder.respond(x.view(), together.view(), one, {});
    ladder.respond(x.view(), shared.view(), three, {});
    for (std::size_t i = 0; i < samples; ++i) {
        ladder.respond(x.view().slice(i, 1), alone.view().slice(i, 1), one, {});
    }
    REQUIRE(std::ranges::equal(together.view().values(), alone.view().values()));
    REQUIRE(std::ranges::equal(together.view().values(), shared.view().values()));
}

TEST_CASE("a stop request ends a query of the ladder") {
    const ElectronicLadder ladder{ElectronicParameters{}};
    Workers workers(1);
    const OwnedBlock x(ladder.n_in(), 1);
    OwnedBlock y(ladder.n_out(), 1);
    std::stop_source stop;
    stop.request_stop();
    try {
        ladder.respond(x.view(), y.view(), workers, stop.get_token());
        FAIL("answered");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::cancelled);
    }
}

TEST_CASE("the electronic kernel says what it is built for") {
    const std::set<std::string_view> levels{"x86-64", "x86-64-v3", "x86-64-v4"};
    REQUIRE(levels.contains(electronic_kernel_level()));
}
