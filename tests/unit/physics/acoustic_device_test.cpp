#include "drivers/core/error.hpp"
#include "drivers/core/kernels/level.hpp"
#include "drivers/core/random.hpp"
#include "sim/physics/acoustic/cavity.hpp"
#include "sim/physics/acoustic/linear_response.hpp"
#include "sim/physics/acoustic/modes.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>
#include <string>

using namespace phyll;
using namespace phyll::physics;

TEST_CASE("the default cavity has the modes that its page states") {
    const AcousticParameters p;
    const std::vector<AcousticMode> modes = acoustic_modes(p);
    REQUIRE(modes.size() == 43);
    REQUIRE(modes[0].omega == 0.0);
    REQUIRE(modes[1].omega / (2 * std::numbers::pi) == Approx(715.0));
    REQUIRE(modes.back().omega / (2 * std::numbers::pi) <= p.highest_mode);
}

TEST_CASE("mode shapes have mean square 1 and mirror at the walls") {
    const AcousticParameters p;
    const AcousticMode mode{{2, 0, 3}, 0.0};
    constexpr int points = 24;
    double square = 0.0;
    for (int i = 0; i < points; ++i) {
        for (int k = 0; k < points; ++k) {
            const Place place{p.size[0] * (i + 0.5) / points, 0.1, p.size[2] * (k + 0.5) / points};
            square += std::pow(mode_shape(mode, p.size, place), 2) / (points * points);
        }
    }
    REQUIRE(square == Approx(1.0));
    REQUIRE(mode_shape(mode, p.size, {-0.01, 0, 0.15}) ==
            Approx(mode_shape(mode, p.size, {0.01, 0, 0.13})));
}

TEST_CASE("gains even out the tones and stay within a factor of four") {
    const AcousticParameters p;
    const std::vector<double> gains = tone_gains(p);
    REQUIRE(gains.size() == p.tones);
    std::set<long> products;
    for (std::size_t k = 0; k < gains.size(); ++k) {
        REQUIRE(gains[k] >= 0.25);
        REQUIRE(gains[k] <= 4.0);
        if (gains[k] > 0.25 && gains[k] < 4.0) {
            const double heard = gains[k] * std::abs(linear_transfer(p, nominal_geometry(p), k % 4,
                                                                     k % 2, p.tone(k)));
            products.insert(std::lround(1e3 * std::log(heard)));
        }
    }
    REQUIRE(products.size() == 1);
}

TEST_CASE("displacements slide along walls, leave microphones free and warm the air") {
    const AcousticParameters p;
    const std::vector<double> zero(acoustic_displacements);
    const AcousticGeometry nominal = displaced_geometry(p, zero);
    REQUIRE(nominal.membranes == p.membranes);
    REQUIRE(nominal.warming == 0.0);

    const AcousticGeometry moved =
        displaced_geometry(p, std::vector<double>(acoustic_displacements, 0.5));
    REQUIRE(moved.membranes[0][1] == 0.0); // sits on the wall y = 0
    REQUIRE(moved.membranes[0][0] == Approx(p.membranes[0][0] + 0.005));
    REQUIRE(moved.speakers[2][2] == p.size[2]);
    REQUIRE(moved.speakers[2][0] == Approx(p.speakers[2][0] + 0.005));
    for (std::size_t axis = 0; axis < 3; ++axis) {
        REQUIRE(moved.microphones[1][axis] == Approx(p.microphones[1][axis] + 0.005));
    }
    REQUIRE(moved.warming == Approx(30 * std::tanh(5.0 / 30)));
    REQUIRE_THROWS_AS(displaced_geometry(p, std::vector<double>(3)), Error);
}

TEST_CASE("warm air raises the resonances as the speed of sound") {
    REQUIRE(frequency_factor(0.0) == 1.0);
    REQUIRE(frequency_factor(10.0) == Approx(std::sqrt(303.15 / 293.15)));
}

TEST_CASE("parameters that cannot be are refused by name") {
    AcousticParameters p;
    std::string field;
    SECTION("a membrane without damping") {
        p.membrane_q = 0;
        field = "membrane_q";
    }
    SECTION("a window that cuts periods") {
        p.window_time = 0.06;
        field = "window_time";
    }
    SECTION("a fraction of a sample") {
        p.sample_rate = 16010;
        field = "sample_rate";
    }
    SECTION("a speaker outside") {
        p.speakers[1][0] = 1.0;
        field = "speakers";
    }
    SECTION("more modes than are computed") {
        p.highest_mode = 8000;
        field = "highest_mode";
    }
    SECTION("a tone above what the sample rate can carry") {
        p.sample_rate = 4000;
        field = "bins";
    }
    try {
        const AcousticCavity cavity(p);
        FAIL("accepted");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::invalid_argument);
        REQUIRE(error.violations().at(0).field == field);
    }
}

TEST_CASE("intermodulation bins lie where the drive has nothing") {
    AcousticParameters p;
    p.bins = AcousticBins::intermodulation;
    const std::vector<AcousticBin> bins = acoustic_bins(p);
    REQUIRE(bins.size() == 20);
    for (const AcousticBin& bin : bins) {
        REQUIRE(std::fmod(bin.frequency, 140.0) == Approx(bin.driven ? 20.0 : 60.0));
    }
    REQUIRE(std::ranges::count(bins, true, &AcousticBin::driven) == 12);
}

TEST_CASE("a sample's bits do not depend on its neighbours, its place or the threads") {
    const AcousticCavity cavity{AcousticParameters{}};
    const KeyedRandom random(1, "stimuli");
    constexpr std::size_t samples = 37;
    OwnedBlock x(cavity.n_in(), samples);
    for (std::size_t i = 0; i < samples; ++i) {
        for (std::size_t k = 0; k < cavity.n_in(); ++k) {
            x.sample(i)[k] = static_cast<float>(random.uniform(i, k));
        }
    }
    Workers one(1);
    Workers three(3);
    OwnedBlock together(cavity.n_out(), samples);
    OwnedBlock shared(cavity.n_out(), samples);
    OwnedBlock alone(cavity.n_out(), samples);
    cavity.respond(x.view(), together.view(), one, {});
    cavity.respond(x.view(), shared.view(), three, {});
    for (std::size_t i = 0; i < samples; ++i) {
        cavity.respond(x.view().slice(i, 1), alone.view().slice(i, 1), one, {});
    }
    REQUIRE(std::ranges::equal(together.view().values(), alone.view().values()));
    REQUIRE(std::ranges::equal(together.view().values(), shared.view().values()));
}

TEST_CASE("a stop request ends a query") {
    const AcousticCavity cavity{AcousticParameters{}};
    Workers workers(1);
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

TEST_CASE("the kernel says what it is built for") {
    const std::set<std::string_view> levels{"x86-64", "x86-64-v3", "x86-64-v4"};
    REQUIRE(levels.contains(acoustic_kernel_level()));
    // The loader chooses for all libraries alike.
    REQUIRE(acoustic_kernel_level() == phyll::kernels::phyll_kernel_level());
}
