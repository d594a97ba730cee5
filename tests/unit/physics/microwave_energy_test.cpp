// That the microwave cavity is what its equations say: passive, reciprocal, without losses where
// none are put in, with every loss accounted for; and that the fast answer is the slow one.
#include "tests/unit/physics/microwave_support.hpp"

#include <Eigen/Dense>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

using namespace phyll;
using namespace phyll::physics;
using namespace phyll::test;

namespace {

using Complex = std::complex<double>;
using Matrix2 = Eigen::Matrix2cd;

Matrix2 matrix_of(const ScatteringMatrix& s) {
    Matrix2 m;
    m << s[0][0], s[0][1], s[1][0], s[1][1];
    return m;
}

Eigen::Vector2d singular_values(const ScatteringMatrix& s) {
    return matrix_of(s).jacobiSvd().singularValues();
}

MicrowaveParameters lossless(MicrowaveParameters p) {
    p.wall_loss = 0.0;
    p.absorption_q = 1e300;
    return p;
}

/// A few frequencies across the band.
std::vector<double> some_frequencies(const MicrowaveParameters& p) {
    return {p.frequency(0), p.frequency(p.points / 3), p.frequency(p.points - 1)};
}

std::vector<double> random_offsets(const MicrowaveParameters& p, double amount) {
    const KeyedRandom random(1, "offsets");
    std::vector<double> offsets(microwave_displacements(p));
    for (std::size_t i = 0; i < offsets.size(); ++i) {
        offsets[i] = amount * random.normal(i);
    }
    return offsets;
}

/// Where all dipoles are, and what each absorbs in -Im(1/a), in the order of
/// DipoleSolution::dipoles; written down here a second time, from the equations.
struct Dipoles {
    std::vector<PlanePlace> places;
    std::vector<double> loss;

    Dipoles(const MicrowaveParameters& p, const MicrowaveGeometry& g,
            const std::vector<std::uint8_t>& pattern, double f) {
        const auto add = [&](const PlanePlace& place, double value) {
            places.push_back(place);
            loss.push_back(value);
        };
        for (const PlanePlace& wire : g.wires) {
            add(wire, p.wall_loss);
        }
        for (std::size_t i = 0; i < g.atoms.size(); ++i) {
            const double resonance = pattern[i] != 0 ? p.resonance_on : p.resonance_off;
            add(g.atoms[i], p.radiative_q / 4 * (resonance / f) / p.absorption_q);
        }
        for (const PlanePlace& rod : g.rods) {
            add(rod, p.wall_loss);
        }
        for (const PlanePlace& port : g.ports) {
            add(port, 0.0);
        }
    }
};

struct Balance {
    double back;     ///< share of the power that leaves through the ports
    double absorbed; ///< in wires, rods and atoms
    double radiated; ///< through the fence
};

Balance balance(const DipoleSolution& solution, const Dipoles& dipoles, double f,
                std::size_t port) {
    Balance b{};
    for (const auto& row : solution.scattering) {
        b.back += std::norm(row[port]);
    }
    const std::vector<Complex>& moments = solution.dipoles[port];
    for (std::size_t i = 0; i < moments.size(); ++i) {
        b.absorbed += 4 * dipoles.loss[i] * std::norm(moments[i]);
        b.radiated += std::norm(moments[i]); // J0(0) = 1
        for (std::size_t j = 0; j < i; ++j) {
            const double kr = 2 * std::numbers::pi * f *
                              std::hypot(dipoles.places[i][0] - dipoles.places[j][0],
                                         dipoles.places[i][1] - dipoles.places[j][1]);
            b.radiated +=
                2 * std::cyl_bessel_j(0.0, kr) * (std::conj(moments[i]) * moments[j]).real();
        }
    }
    return b;
}

} // namespace

TEST_CASE("the entries obey the optical theorem and are the Hankel function") {
    const MicrowaveParameters p;
    const double f = GENERATE(0.9, 1.03);
    REQUIRE(-wire_entry(p, 0.02, f).imag() == Approx(0.25 + p.wall_loss));
    REQUIRE(-port_entry(p, f).imag() == Approx(0.25 + p.port_coupling));
    REQUIRE(-atom_entry(p, false, f).imag() == Approx(0.25 + 1.5 / f / 200));
    REQUIRE(atom_entry(p, true, f).real() == Approx(1.3 * 1.3 / f / f - 1));
    REQUIRE(port_entry(p, f).real() == Approx((1 / f / f - 1) / 2));
    const double k = 2 * std::numbers::pi * f;
    REQUIRE(wire_entry(p, 0.02, f).real() == Approx(std::cyl_neumann(0.0, k * 0.02) / 4));
    for (const double r : {0.1, 0.7, 3.0, 8.0}) {
        // -(i/4) (J0 + i Y0)
        const Complex w = coupling({0.0, 0.0}, {0.6 * r, -0.8 * r}, f);
        REQUIRE(w.real() == Approx(std::cyl_neumann(0.0, k * r) / 4).margin(1e-12));
        REQUIRE(w.imag() == Approx(-std::cyl_bessel_j(0.0, k * r) / 4).margin(1e-12));
    }
}

TEST_CASE("the default cavity is passive for any pattern at any frequency") {
    const std::uint64_t seed = GENERATE(1U, 2U);
    Workers workers(2);
    const MicrowaveCavity cavity(MicrowaveParameters{}, seed, workers);
    double largest = 0.0;
    for (std::uint64_t number = 0; number < 25; ++number) {
        for (const ScatteringMatrix& s : cavity.scattering(random_pattern(cavity.n_in(), number))) {
            largest = std::max(largest, singular_values(s)(0));
        }
    }
    CAPTURE(seed, largest);
    REQUIRE(largest <= 1 + 1e-12);
    REQUIRE(largest > 0.5);
    REQUIRE(largest < 0.85);
}

TEST_CASE("a displaced cavity is passive too") {
    Workers workers(2);
    MicrowaveParameters p;
    p.points = 8;
    MicrowaveCavity cavity(p, 1, workers);
    for (const double amount : {0.03, 0.1, 1.0}) {
        cavity.displace(random_offsets(p, amount), workers);
        for (std::uint64_t number = 0; number < 10; ++number) {
            for (const ScatteringMatrix& s :
                 cavity.scattering(random_pattern(cavity.n_in(), number))) {
                REQUIRE(singular_values(s)(0) <= 1 + 1e-12);
            }
        }
    }
}

TEST_CASE("the ports can change places") {
    const MicrowaveParameters p;
    const MicrowaveGeometry g = nominal_geometry(p, 1);
    for (const double f : some_frequencies(p)) {
        const ScatteringMatrix s = solve_dipoles(p, g, random_pattern(p.atoms, 1), f).scattering;
        REQUIRE(std::abs(s[0][1] - s[1][0]) < 1e-12);
    }
}

TEST_CASE("with standing waves only and no losses nothing is lost") {
    const MicrowaveParameters p = lossless(MicrowaveParameters{});
    const MicrowaveGeometry g = nominal_geometry(p, 1);
    for (const double f : some_frequencies(p)) {
        const Matrix2 s = matrix_of(
            solve_dipoles(p, g, random_pattern(p.atoms, 2), f, DipoleWaves::standing).scattering);
        REQUIRE((s.adjoint() * s - Matrix2::Identity()).cwiseAbs().maxCoeff() < 1e-10);
        REQUIRE(std::abs(s(1, 0)) > 1e-3); // and the ports do see each other
    }
}

TEST_CASE("without losses the fence lets hardly anything out") {
    const MicrowaveParameters p = lossless(MicrowaveParameters{});
    const MicrowaveGeometry g = nominal_geometry(p, 1);
    for (const double f : some_frequencies(p)) {
        const Eigen::Vector2d values =
            singular_values(solve_dipoles(p, g, random_pattern(p.atoms, 3), f).scattering);
        CAPTURE(f, 1 - values(0), 1 - values(1));
        REQUIRE(values(0) <= 1 + 1e-12);
        REQUIRE(1 - values(1) <= 1e-3);
        REQUIRE(1 - values(1) > 1e-9); // but something
    }
}

TEST_CASE("what does not come back was absorbed or radiated") {
    const MicrowaveParameters p;
    const MicrowaveGeometry g = nominal_geometry(p, 2);
    const std::vector<std::uint8_t> pattern = random_pattern(p.atoms, 4);
    const double f = p.frequency(17);
    const DipoleSolution solution = solve_dipoles(p, g, pattern, f);
    const Dipoles dipoles(p, g, pattern, f);
    REQUIRE(dipoles.places.size() == solution.dipoles[0].size());
    for (const std::size_t port : {0U, 1U}) {
        const Balance b = balance(solution, dipoles, f, port);
        CAPTURE(port, b.back, b.absorbed, b.radiated);
        REQUIRE(b.back >= 0);
        REQUIRE(b.absorbed >= 0);
        REQUIRE(b.radiated >= 0);
        REQUIRE(b.back + b.absorbed + b.radiated == Approx(1).epsilon(1e-10));
        REQUIRE(b.absorbed > b.radiated);
        REQUIRE(b.radiated > 1e-4);
    }
}

TEST_CASE("the fast answer is that of all dipoles, wherever rods and ports are") {
    const std::uint64_t seed = GENERATE(1U, 2U);
    Workers workers(2);
    MicrowaveParameters p;
    p.points = 6;
    MicrowaveCavity cavity(p, seed, workers);
    if (seed == 2) {
        cavity.displace(random_offsets(p, 0.1), workers);
    }
    // 0 to all atoms on: nothing differs from a reference, one does, half of them do.
    const std::size_t on = GENERATE(0U, 1U, 13U, 20U, 27U, 40U);
    std::vector<std::uint8_t> pattern(p.atoms);
    for (std::size_t i = 0; i < on; ++i) {
        pattern[i * 7 % p.atoms] = 1;
    }
    OwnedBlock x(p.atoms, 1);
    std::copy(pattern.begin(), pattern.end(), x.sample(0).begin());
    OwnedBlock y(cavity.n_out(), 1);
    cavity.respond(x.view(), y.view(), workers, {});
    const std::vector<ScatteringMatrix> reduced = cavity.scattering(pattern);
    const std::size_t k = on % p.points;
    const ScatteringMatrix full =
        solve_dipoles(p, cavity.geometry(), pattern, p.frequency(k)).scattering;
    CAPTURE(seed, on);
    REQUIRE(std::abs(static_cast<double>(y.sample(0)[k]) - std::abs(full[1][0])) < 1e-6);
    REQUIRE((matrix_of(reduced[k]) - matrix_of(full)).cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("small devices and odd sizes have the right answer too") {
    Workers workers(1);
    MicrowaveParameters p = small_cavity();
    p.atoms = GENERATE(1U, 2U, 7U);
    p.rods = GENERATE(0U, 1U, 4U);
    p.points = GENERATE(2U, 9U, 19U);
    const MicrowaveCavity cavity(p, 3, workers);
    const OwnedBlock x = random_drives(p.atoms, 3);
    OwnedBlock y(cavity.n_out(), 3);
    cavity.respond(x.view(), y.view(), workers, {});
    for (std::size_t i = 0; i < 3; ++i) {
        const std::size_t k = (7 * i + 1) % p.points;
        const ScatteringMatrix full =
            solve_dipoles(p, cavity.geometry(), random_pattern(p.atoms, i), p.frequency(k))
                .scattering;
        REQUIRE(y.sample(i)[k] == Approx(std::abs(full[1][0])).margin(1e-6));
    }
}

TEST_CASE("a device without losses is answered to single precision's worth") {
    Workers workers(1);
    const MicrowaveParameters p = lossless(small_cavity());
    const MicrowaveCavity cavity(p, 1, workers);
    const OwnedBlock x = random_drives(p.atoms, 40);
    OwnedBlock y(cavity.n_out(), x.samples());
    cavity.respond(x.view(), y.view(), workers, {});
    for (std::size_t i = 0; i < x.samples(); ++i) {
        const auto exact = cavity.scattering(random_pattern(p.atoms, i));
        for (std::size_t k = 0; k < p.points; ++k) {
            REQUIRE(singular_values(exact[k])(0) <= 1 + 1e-9);
            REQUIRE(y.sample(i)[k] == Approx(std::abs(exact[k][1][0])).margin(1e-4));
        }
    }
}

TEST_CASE("whatever the options allow is answered within the range of a passive device") {
    const std::uint64_t number = GENERATE(range(0U, 20U));
    const KeyedRandom random(5, "devices");
    std::uint64_t drawn = 0;
    // Evenly on a logarithmic scale.
    const auto between = [&](double least, double most) {
        return least * std::pow(most / least, random.uniform(number, drawn++));
    };
    MicrowaveParameters p = small_cavity();
    p.perimeter = between(12, 18);
    p.irregularity = between(0.01, 1.0);
    p.wall_loss = between(1e-4, 100);
    p.resonance_off = between(0.1, 10);
    p.resonance_on = between(0.1, 10);
    p.radiative_q = between(0.01, 1e4);
    p.absorption_q = between(1, 1e6);
    p.port_coupling = between(1e-4, 100);
    p.port_q = between(0.01, 1e4);
    Workers workers(1);
    const MicrowaveCavity cavity(p, number, workers);
    const OwnedBlock x = random_drives(p.atoms, 10);
    OwnedBlock y(cavity.n_out(), x.samples());
    cavity.respond(x.view(), y.view(), workers, {});
    for (std::size_t i = 0; i < x.samples(); ++i) {
        const auto exact = cavity.scattering(random_pattern(p.atoms, i));
        for (std::size_t k = 0; k < p.points; ++k) {
            CAPTURE(number, i, k);
            REQUIRE(singular_values(exact[k])(0) <= 1 + 1e-9);
            REQUIRE(y.sample(i)[k] <= 1.001F);
            REQUIRE(y.sample(i)[k] == Approx(std::abs(exact[k][1][0])).margin(1e-4));
        }
    }
}

TEST_CASE("every atom counts: the weakest changes the response by 2 % of its root mean square") {
    const std::uint64_t seed = GENERATE(1U, 2U, 3U, 4U);
    constexpr std::size_t patterns = 60;
    Workers workers(2);
    MicrowaveParameters p;
    p.points = 20;
    const MicrowaveCavity cavity(p, seed, workers);
    const OwnedBlock x = random_drives(p.atoms, patterns);
    OwnedBlock y(cavity.n_out(), patterns);
    cavity.respond(x.view(), y.view(), workers, {});
    const auto square_of = [](ConstBlock block) {
        double sum = 0.0;
        for (const float value : block.values()) {
            sum += static_cast<double>(value) * value;
        }
        return sum;
    };
    for (std::size_t atom = 0; atom < p.atoms; ++atom) {
        OwnedBlock flipped = x;
        for (std::size_t i = 0; i < patterns; ++i) {
            flipped.sample(i)[atom] = 1.0F - flipped.sample(i)[atom];
        }
        OwnedBlock difference(cavity.n_out(), patterns);
        cavity.respond(flipped.view(), difference.view(), workers, {});
        for (std::size_t i = 0; i < difference.view().size(); ++i) {
            difference.view().values()[i] -= y.view().values()[i];
        }
        CAPTURE(seed, atom);
        REQUIRE(std::sqrt(square_of(difference.view()) / square_of(y.view())) >= 0.02);
    }
}
