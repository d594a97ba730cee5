#include "drivers/core/error.hpp"
#include "tests/unit/physics/microwave_support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <string_view>

using namespace phyll;
using namespace phyll::physics;
using namespace phyll::test;

namespace {

double distance(const PlanePlace& a, const PlanePlace& b) {
    return std::hypot(a[0] - b[0], a[1] - b[1]);
}

double least_distance(const PlanePlace& place, const std::vector<PlanePlace>& others) {
    double least = HUGE_VAL;
    for (const PlanePlace& other : others) {
        least = std::min(least, distance(place, other));
    }
    return least;
}

OwnedBlock answer(const MicrowaveCavity& cavity, ConstBlock x, unsigned threads = 1) {
    Workers workers(threads);
    OwnedBlock y(cavity.n_out(), x.samples());
    cavity.respond(x, y.view(), workers, {});
    return y;
}

} // namespace

TEST_CASE("the default cavity is the one that its page states") {
    const MicrowaveParameters p;
    const MicrowaveGeometry g = nominal_geometry(p, GENERATE(1U, 2U, 3U));
    REQUIRE(g.wires.size() == 200);
    REQUIRE(g.atoms.size() == 40);
    REQUIRE(g.rods.size() == 8);
    // Wires are evenly spaced along a curve, so a little closer in a straight line.
    for (std::size_t i = 0; i < g.wires.size(); ++i) {
        const double gap = distance(g.wires[i], g.wires[(i + 1) % g.wires.size()]);
        REQUIRE(gap <= 0.125 + 1e-6);
        REQUIRE(gap > 0.123);
    }
    REQUIRE(g.wire_radius == Approx(0.125 / (2 * std::acos(-1.0))));
    for (const PlanePlace& atom : g.atoms) {
        REQUIRE(least_distance(atom, g.wires) == Approx(0.25).margin(0.01));
    }
}

TEST_CASE("ports and rods keep their distances, also when displaced as far as can be") {
    const MicrowaveParameters p;
    const MicrowaveGeometry nominal = nominal_geometry(p, GENERATE(range(1U, 9U)));
    REQUIRE(distance(nominal.ports[0], nominal.ports[1]) >= p.port_distance);
    const KeyedRandom random(1, "offsets");
    std::vector<double> offsets(microwave_displacements(p));
    for (std::size_t i = 0; i < offsets.size(); ++i) {
        offsets[i] = 10 * random.normal(i);
    }
    const MicrowaveGeometry far = displaced_geometry(nominal, offsets);
    std::vector<PlanePlace> movable = far.rods;
    movable.insert(movable.end(), far.ports.begin(), far.ports.end());
    for (std::size_t i = 0; i < movable.size(); ++i) {
        REQUIRE(least_distance(movable[i], far.wires) > 0.4);
        REQUIRE(least_distance(movable[i], far.atoms) > 0.2);
        for (std::size_t j = 0; j < i; ++j) {
            REQUIRE(distance(movable[i], movable[j]) > 0.15);
        }
    }
}

TEST_CASE("a seed is a device") {
    const MicrowaveParameters p;
    const MicrowaveGeometry one = nominal_geometry(p, 1);
    const MicrowaveGeometry again = nominal_geometry(p, 1);
    const MicrowaveGeometry two = nominal_geometry(p, 2);
    REQUIRE(one.wires == again.wires);
    REQUIRE(one.rods == again.rods);
    REQUIRE(one.ports == again.ports);
    REQUIRE(one.wires != two.wires);
    REQUIRE(one.rods != two.rods);
    REQUIRE(one.ports != two.ports);
}

TEST_CASE("displacements move rods and ports, and shorten what is long") {
    const MicrowaveParameters p;
    const MicrowaveGeometry nominal = nominal_geometry(p, 1);
    std::vector<double> offsets(microwave_displacements(p));
    REQUIRE(offsets.size() == 20);
    REQUIRE(displaced_geometry(nominal, offsets).rods == nominal.rods);
    offsets[2] = 0.03; // the second rod
    offsets[3] = -0.04;
    offsets[18] = 5.0; // the second port
    const MicrowaveGeometry moved = displaced_geometry(nominal, offsets);
    const double factor = 0.15 * std::tanh(0.05 / 0.15) / 0.05;
    REQUIRE(moved.rods[0] == nominal.rods[0]);
    REQUIRE(moved.rods[1][0] - nominal.rods[1][0] == Approx(0.03 * factor));
    REQUIRE(moved.rods[1][1] - nominal.rods[1][1] == Approx(-0.04 * factor));
    REQUIRE(moved.ports[0] == nominal.ports[0]);
    REQUIRE(moved.ports[1][0] - nominal.ports[1][0] == Approx(0.15));
    REQUIRE(moved.ports[1][1] == nominal.ports[1][1]);
    REQUIRE(moved.wires == nominal.wires);
    REQUIRE(moved.atoms == nominal.atoms);
    REQUIRE_THROWS_AS(displaced_geometry(nominal, std::vector<double>(3)), Error);
}

TEST_CASE("microwave parameters that cannot be are refused by name") {
    MicrowaveParameters p = small_cavity();
    std::string field;
    SECTION("a single frequency") {
        p.points = 1;
        field = "points";
    }
    SECTION("frequencies too close to tell apart") {
        p.points = 500;
        p.highest_frequency = 0.91;
        field = "points";
    }
    SECTION("a band that ends before it begins") {
        p.highest_frequency = 0.8;
        field = "highest_frequency";
    }
    SECTION("a device that does not fit in memory") {
        p.perimeter = 100;
        p.wire_spacing = 0.05;
        p.points = 100;
        field = "points";
    }
    SECTION("an outline that meets itself") {
        p.irregularity = 3;
        field = "irregularity";
    }
    SECTION("walls that give energy") {
        p.wall_loss = -0.1;
        field = "wall_loss";
    }
    SECTION("no atoms") {
        p.atoms = 0;
        field = "atoms";
    }
    SECTION("more atoms than the wall has room for") {
        p.atoms = 40;
        field = "atoms";
    }
    SECTION("atoms that do not change") {
        p.resonance_on = p.resonance_off;
        field = "resonance_on";
    }
    SECTION("atoms that would touch in a bend") {
        p.perimeter = 5;
        p.atom_spacing = 0.1;
        p.atom_depth = 0.6;
        field = "atom_depth";
    }
    SECTION("atoms that radiate for ever") {
        p.radiative_q = 0;
        field = "radiative_q";
    }
    SECTION("atoms of infinite absorption") {
        p.absorption_q = std::nan("");
        field = "absorption_q";
    }
    SECTION("ports farther apart than the cavity is wide") {
        p.port_distance = 20;
        field = "port_distance";
    }
    SECTION("more rods than there is room for") {
        p.rods = 64;
        field = "rods";
    }
    SECTION("cables that take nothing") {
        p.port_coupling = 0;
        field = "port_coupling";
    }
    SECTION("a port without a band") {
        p.port_q = -1;
        field = "port_q";
    }
    SECTION("a sweep that never ends") {
        p.if_bandwidth = 0;
        field = "if_bandwidth";
    }
    SECTION("atoms set before they are asked") {
        p.settle_time = -1;
        field = "settle_time";
    }
    Workers workers(1);
    try {
        const MicrowaveCavity cavity(p, 1, workers);
        FAIL("accepted");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::invalid_argument);
        REQUIRE(error.violations().at(0).field == field);
    }
}

TEST_CASE("a pattern's bits do not depend on its neighbours, its place or the threads") {
    Workers one(1);
    Workers three(3);
    const MicrowaveParameters p = small_cavity();
    const MicrowaveCavity cavity(p, 1, one);
    const OwnedBlock x = random_drives(p.atoms, 37);
    const OwnedBlock together = answer(cavity, x.view());
    OwnedBlock alone(cavity.n_out(), x.samples());
    for (std::size_t i = 0; i < x.samples(); ++i) {
        cavity.respond(x.view().slice(i, 1), alone.view().slice(i, 1), one, {});
    }
    REQUIRE(std::ranges::equal(together.view().values(), alone.view().values()));
    const MicrowaveCavity built_by_three(p, 1, three);
    const OwnedBlock shared = answer(built_by_three, x.view(), 3);
    REQUIRE(std::ranges::equal(together.view().values(), shared.view().values()));
}

TEST_CASE("a frequency's bits do not depend on how many others are read") {
    // Every second frequency of the one is a frequency of the other, in another lane.
    Workers workers(1);
    MicrowaveParameters few = small_cavity();
    few.points = GENERATE(2U, 5U, 9U, 17U);
    MicrowaveParameters many = few;
    many.points = 2 * few.points - 1;
    const OwnedBlock x = random_drives(few.atoms, 5);
    const OwnedBlock y = answer(MicrowaveCavity(few, 1, workers), x.view());
    const OwnedBlock finer = answer(MicrowaveCavity(many, 1, workers), x.view());
    for (std::size_t i = 0; i < x.samples(); ++i) {
        for (std::size_t k = 0; k < few.points; ++k) {
            REQUIRE(few.frequency(k) == many.frequency(2 * k));
            REQUIRE(y.sample(i)[k] == finer.sample(i)[2 * k]);
        }
    }
}

TEST_CASE("an atom is on from a drive of 0.5 up") {
    Workers workers(1);
    const MicrowaveCavity cavity(small_cavity(), 1, workers);
    OwnedBlock x(cavity.n_in(), 4);
    x.sample(1)[3] = 0.499F;
    x.sample(2)[3] = 0.5F;
    x.sample(3)[3] = 1.0F;
    const OwnedBlock y = answer(cavity, x.view());
    REQUIRE(std::ranges::equal(y.sample(0), y.sample(1)));
    REQUIRE(std::ranges::equal(y.sample(2), y.sample(3)));
    REQUIRE_FALSE(std::ranges::equal(y.sample(1), y.sample(2)));
}

TEST_CASE("the three responses are made of the same S21") {
    Workers workers(1);
    MicrowaveParameters p = small_cavity();
    const OwnedBlock x = random_drives(p.atoms, 6);
    const OwnedBlock abs = answer(MicrowaveCavity(p, 1, workers), x.view());
    p.response = MicrowaveResponse::abs2;
    const OwnedBlock abs2 = answer(MicrowaveCavity(p, 1, workers), x.view());
    p.response = MicrowaveResponse::complex;
    const MicrowaveCavity cavity(p, 1, workers);
    const OwnedBlock parts = answer(cavity, x.view());
    REQUIRE(parts.channels() == 2 * p.points);
    for (std::size_t i = 0; i < x.samples(); ++i) {
        const auto exact = cavity.scattering(random_pattern(p.atoms, i));
        for (std::size_t k = 0; k < p.points; ++k) {
            const std::complex<float> s{parts.sample(i)[2 * k], parts.sample(i)[2 * k + 1]};
            REQUIRE(s.real() == Approx(exact[k][1][0].real()).margin(1e-6));
            REQUIRE(s.imag() == Approx(exact[k][1][0].imag()).margin(1e-6));
            REQUIRE(abs.sample(i)[k] == Approx(std::abs(s)).margin(1e-7));
            REQUIRE(abs2.sample(i)[k] == Approx(std::norm(s)).margin(1e-7));
        }
    }
}

TEST_CASE("a stop request ends a microwave query") {
    Workers workers(1);
    const MicrowaveCavity cavity(small_cavity(), 1, workers);
    const OwnedBlock x(cavity.n_in(), 1);
    OwnedBlock y(cavity.n_out(), 1);
    std::stop_source stop;
    stop.request_stop();
    try {
        cavity.respond(x.view(), y.view(), workers, stop.get_token());
        FAIL("answered");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::cancelled);
    }
}

TEST_CASE("a pattern of the wrong length is refused") {
    Workers workers(1);
    const MicrowaveCavity cavity(small_cavity(), 1, workers);
    const std::vector<std::uint8_t> pattern(3);
    REQUIRE_THROWS_WITH(cavity.scattering(pattern), "pattern: 3 states for 12 atoms");
    REQUIRE_THROWS_WITH(solve_dipoles(cavity.parameters(), cavity.geometry(), pattern, 1.0),
                        "pattern: 3 states for 12 atoms");
}

TEST_CASE("the microwave kernel says what it is built for") {
    const std::set<std::string_view> levels{"x86-64", "x86-64-v3", "x86-64-v4"};
    REQUIRE(levels.contains(microwave_kernel_level()));
}
