#include "drivers/core/error.hpp"
#include "drivers/core/random.hpp"
#include "sim/physics/optical/optical_device.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <string>

using namespace phyll;
using namespace phyll::physics;

namespace {

OpticalParameters small() {
    OpticalParameters p;
    p.width = 9;
    p.height = 7;
    p.outputs = 600; // more than one tile
    return p;
}

OwnedBlock uniform(const OpticalParameters& p, std::size_t samples) {
    const KeyedRandom random(1, "stimuli");
    OwnedBlock x(p.inputs(), samples);
    for (std::size_t i = 0; i < samples; ++i) {
        for (std::size_t k = 0; k < p.inputs(); ++k) {
            x.sample(i)[k] = static_cast<float>(random.uniform(i, k));
        }
    }
    return x;
}

OwnedBlock responses(const OpticalDevice& device, ConstBlock x,
                     const OpticalDevice::Identity& first = {}) {
    OwnedBlock y(device.parameters().outputs, x.samples());
    device.respond(x, y.view(), first, {});
    return y;
}

OwnedBlock electrons(const OpticalDevice& device, ConstBlock x) {
    OwnedBlock y(device.parameters().outputs, x.samples());
    device.electrons(x, y.view(), {});
    return y;
}

bool same(const OwnedBlock& a, const OwnedBlock& b) {
    return std::ranges::equal(a.view().values(), b.view().values());
}

} // namespace

TEST_CASE("the field of a phase modulator is turned, that of an amplitude modulator is dimmed") {
    Workers workers(1);
    OpticalParameters p = small();
    p.modulation = GENERATE(OpticalModulation::phase, OpticalModulation::amplitude);
    p.phase_range = 2.0;
    p.levels = 11;
    p.grains = 3;
    const OpticalDevice device(p, 1, workers);
    // Drives between levels, and the intensities from the equations in double precision.
    const OwnedBlock x = uniform(p, 3);
    const OwnedBlock seen = electrons(device, x.view());
    double unit = 0.0; // electrons per intensity: the same for all
    for (std::size_t i = 0; i < x.samples(); ++i) {
        for (const std::size_t j : {0U, 17U, 599U}) {
            double intensity = 0.0;
            for (std::size_t g = 0; g < p.grains; ++g) {
                const std::vector<std::complex<float>> row = device.medium().row(j, g);
                std::complex<double> field;
                for (std::size_t k = 0; k < p.inputs(); ++k) {
                    const double drive =
                        static_cast<double>(std::lround(x.sample(i)[k] * 10.0F)) / 10.0;
                    field +=
                        std::complex<double>(row[k]) * (p.modulation == OpticalModulation::phase
                                                            ? std::polar(1.0, p.phase_range * drive)
                                                            : std::complex<double>(drive));
                }
                intensity += std::norm(field) / static_cast<double>(p.grains);
            }
            const double ratio = static_cast<double>(seen.sample(i)[j]) / intensity;
            unit = unit == 0.0 ? ratio : unit;
            REQUIRE(ratio == Approx(unit).epsilon(1e-4));
        }
    }
}

TEST_CASE("the exposure brings random stimuli to its share of full scale") {
    Workers workers(1);
    OpticalParameters p;
    p.exposure = 0.4;
    p.outputs = 200;
    p.modulation = GENERATE(OpticalModulation::phase, OpticalModulation::amplitude);
    const OpticalDevice device(p, 1, workers);
    const OwnedBlock y = electrons(device, uniform(p, 50).view());
    double mean = 0.0;
    for (const float value : y.view().values()) {
        mean += static_cast<double>(value) / static_cast<double>(y.view().size());
    }
    REQUIRE(mean == Approx(0.4 * p.full_well).epsilon(0.02));
}

TEST_CASE("a count is a whole number between dark and full scale") {
    Workers workers(1);
    OpticalParameters p = small();
    p.exposure = 1.0; // much of it saturates
    p.bits = GENERATE(std::size_t{1}, std::size_t{8}, std::size_t{12});
    const OpticalDevice device(p, 1, workers);
    const OwnedBlock x = uniform(p, 20);
    const OwnedBlock y = responses(device, x.view());
    const auto largest = static_cast<float>(p.largest_count());
    for (const float count : y.view().values()) {
        REQUIRE(count == std::floor(count));
        REQUIRE(count >= 0.0F);
        REQUIRE(count <= largest);
    }
    REQUIRE(std::ranges::count(y.view().values(), largest) > 1000);
}

TEST_CASE("without noise a count is the nearest to the mean") {
    Workers workers(1);
    OpticalParameters p = small();
    p.camera_noise = 0.0;
    const OpticalDevice device(p, 1, workers);
    const OwnedBlock x = uniform(p, 5);
    const OwnedBlock mean = electrons(device, x.view());
    const OwnedBlock y = responses(device, x.view(), {.key = 3, .number = 4});
    for (std::size_t i = 0; i < y.view().size(); ++i) {
        const float exact = std::min(mean.view().values()[i] * 0.0255F, 255.0F);
        REQUIRE(std::abs(y.view().values()[i] - exact) <= 0.5001F);
    }
    REQUIRE(same(y, responses(device, x.view(), {.key = 5, .number = 6})));
}

TEST_CASE("noise is a function of seed, key, number and output") {
    Workers workers(1);
    const OpticalParameters p = small();
    const OpticalDevice device(p, 1, workers);
    const OwnedBlock one = uniform(p, 1);
    const OwnedBlock y = responses(device, one.view(), {.key = 1, .number = 2});
    REQUIRE(same(y, responses(device, one.view(), {.key = 1, .number = 2})));
    REQUIRE_FALSE(same(y, responses(device, one.view(), {.key = 2, .number = 2})));
    REQUIRE_FALSE(same(y, responses(device, one.view(), {.key = 1, .number = 3})));
}

TEST_CASE("an optical sample's bits do not depend on its neighbours, its place or the threads") {
    OpticalParameters p = small();
    p.modulation = GENERATE(OpticalModulation::phase, OpticalModulation::amplitude);
    constexpr std::size_t samples = 500;
    Workers one(1);
    const OpticalDevice device(p, 1, one);
    const OwnedBlock x = uniform(p, samples);
    const OwnedBlock together = responses(device, x.view(), {.key = 9, .number = 100});
    const std::size_t batch = GENERATE(1U, 7U, 64U);
    OwnedBlock apart(p.outputs, samples);
    for (std::size_t first = 0; first < samples; first += batch) {
        const std::size_t count = std::min(batch, samples - first);
        device.respond(x.view().slice(first, count), apart.view().slice(first, count),
                       {.key = 9, .number = 100 + first}, {});
    }
    REQUIRE(same(together, apart));

    // A device that other threads built and asked.
    Workers three(3);
    const OpticalDevice shared(p, 1, three);
    REQUIRE(same(together, responses(shared, x.view(), {.key = 9, .number = 100})));
}

TEST_CASE("the medium is a function of seed, output, grain and input") {
    Workers workers(1);
    const ScatteringMedium medium(1, 63, 40, 2, workers);
    const ScatteringMedium more(1, 63, 90, 2, workers);
    const ScatteringMedium other(2, 63, 40, 2, workers);
    REQUIRE(medium.row(39, 1) == more.row(39, 1));
    REQUIRE(medium.row(39, 1) != other.row(39, 1));
    REQUIRE(medium.row(39, 1) != medium.row(39, 0));
    REQUIRE(medium.row(39, 1) != medium.row(38, 1));
}

TEST_CASE("a medium turned back is the nominal one, to the bit") {
    Workers workers(2);
    const OpticalParameters p = small();
    OpticalDevice device(p, 1, workers);
    const OwnedBlock x = uniform(p, 3);
    const OwnedBlock nominal = electrons(device, x.view());
    REQUIRE(device.displacements() == 63);
    device.displace(std::vector<double>(63, 0.3));
    REQUIRE_FALSE(same(nominal, electrons(device, x.view())));
    device.displace(std::vector<double>(63, 0.0));
    REQUIRE(same(nominal, electrons(device, x.view())));
    REQUIRE_THROWS_AS(device.displace(std::vector<double>(64, 0.0)), Error);
}

TEST_CASE("a stop request ends an optical query") {
    Workers workers(1);
    const OpticalParameters p = small();
    const OpticalDevice device(p, 1, workers);
    OwnedBlock y(p.outputs, 1);
    std::stop_source stop;
    stop.request_stop();
    try {
        device.respond(uniform(p, 1).view(), y.view(), {}, stop.get_token());
        FAIL("answered");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::cancelled);
    }
}

TEST_CASE("optical parameters that cannot be are refused by name") {
    OpticalParameters p;
    std::string field;
    SECTION("no pixels") {
        p.width = 0;
        field = "width";
    }
    SECTION("one level") {
        p.levels = 1;
        field = "levels";
    }
    SECTION("more than a turn") {
        p.phase_range = 7.0;
        field = "phase_range";
    }
    SECTION("no light") {
        p.exposure = 0.0;
        field = "exposure";
    }
    SECTION("no electrons") {
        p.full_well = std::numeric_limits<double>::quiet_NaN();
        field = "full_well";
    }
    SECTION("noise above full scale") {
        p.read_noise = 20'000.0;
        field = "read_noise";
    }
    SECTION("no grains") {
        p.grains = 0;
        field = "grains";
    }
    SECTION("too fine a converter") {
        p.bits = 17;
        field = "bits";
    }
    SECTION("more than the memory") {
        p.width = 256;
        p.height = 256;
        p.outputs = 65536;
        field = "outputs";
    }
    try {
        check(p);
        FAIL("accepted");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::invalid_argument);
        REQUIRE(error.violations().at(0).field == field);
    }
}
