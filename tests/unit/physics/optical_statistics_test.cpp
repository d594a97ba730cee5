// That speckle is speckle and noise is noise: the statistics that theory asks for.
#include "drivers/core/random.hpp"
#include "sim/physics/optical/optical_device.hpp"

#include <Eigen/Eigenvalues>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <vector>

using namespace phyll;
using namespace phyll::physics;

namespace {

OpticalParameters noiseless(std::size_t outputs, std::size_t grains) {
    OpticalParameters p;
    p.width = 16;
    p.height = 16;
    p.outputs = outputs;
    p.grains = grains;
    p.camera_noise = 0.0;
    return p;
}

/// Electrons of one random pattern, divided by their mean.
std::vector<double> speckle(const OpticalDevice& device, std::uint64_t pattern) {
    const OpticalParameters& p = device.parameters();
    const KeyedRandom random(pattern, "pattern");
    OwnedBlock x(p.inputs(), 1);
    for (std::size_t k = 0; k < p.inputs(); ++k) {
        x.sample(0)[k] = static_cast<float>(random.uniform(k));
    }
    OwnedBlock y(p.outputs, 1);
    device.electrons(x.view(), y.view(), {});
    double mean = 0.0;
    for (const float value : y.sample(0)) {
        mean += static_cast<double>(value) / static_cast<double>(p.outputs);
    }
    std::vector<double> result;
    for (const float value : y.sample(0)) {
        result.push_back(static_cast<double>(value) / mean);
    }
    return result;
}

double variance(const std::vector<double>& values) {
    double mean = 0.0;
    double square = 0.0;
    for (const double value : values) {
        mean += value / static_cast<double>(values.size());
        square += value * value / static_cast<double>(values.size());
    }
    return square - mean * mean;
}

/// Largest distance between the distribution of `values` and the one that `below` says.
double kolmogorov_distance(std::vector<double> values, const std::function<double(double)>& below) {
    std::ranges::sort(values);
    const auto n = static_cast<double>(values.size());
    double distance = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double expected = below(values[i]);
        distance = std::max({distance, std::abs(expected - static_cast<double>(i) / n),
                             std::abs(expected - static_cast<double>(i + 1) / n)});
    }
    return distance;
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
    double product = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        product += (a[i] - 1.0) * (b[i] - 1.0) / static_cast<double>(a.size()); // means are 1
    }
    return product / std::sqrt(variance(a) * variance(b));
}

/// Share of the Marchenko-Pastur law below `x`, for rows / columns = ratio and entries of variance
/// 1 / columns.
double marchenko_pastur(double x, double ratio) {
    const double low = std::pow(1 - std::sqrt(ratio), 2);
    const double high = std::pow(1 + std::sqrt(ratio), 2);
    constexpr int steps = 2000;
    double sum = 0.0;
    // Angles as places, which takes the square roots at the ends away.
    const double middle = (high + low) / 2;
    const double half = (high - low) / 2;
    const double end = std::acos(std::clamp((middle - x) / half, -1.0, 1.0));
    for (int i = 0; i < steps; ++i) {
        const double angle = end * (i + 0.5) / steps;
        const double place = middle - half * std::cos(angle);
        sum += std::pow(half * std::sin(angle), 2) / place;
    }
    return sum * end / steps / (2 * std::numbers::pi * ratio);
}

} // namespace

TEST_CASE("single grains are fully developed speckle: contrast 1, exponential") {
    Workers workers(2);
    OpticalParameters p = noiseless(4000, 1);
    p.modulation = GENERATE(OpticalModulation::phase, OpticalModulation::amplitude);
    const OpticalDevice device(p, 1, workers);
    for (std::uint64_t pattern = 0; pattern < 3; ++pattern) {
        const std::vector<double> intensity = speckle(device, pattern);
        CAPTURE(pattern);
        // The contrast's own spread is about 1/sqrt(n) = 0.016.
        CHECK(std::sqrt(variance(intensity)) == Approx(1.0).margin(0.06));
        // One in a hundred samples of 4,000 exponential numbers is further away.
        CHECK(kolmogorov_distance(intensity, [](double i) { return 1 - std::exp(-i); }) <
              1.63 / std::sqrt(4000.0));
    }
}

TEST_CASE("a super-pixel's contrast falls with the root of its grains") {
    Workers workers(2);
    const std::size_t grains = GENERATE(2U, 4U, 9U);
    const OpticalDevice device(noiseless(2000, grains), 1, workers);
    REQUIRE(std::sqrt(variance(speckle(device, 1))) ==
            Approx(1 / std::sqrt(static_cast<double>(grains))).epsilon(0.06));
}

TEST_CASE("the transmission matrix has the singular values of Marchenko and Pastur") {
    Workers workers(1);
    constexpr Eigen::Index rows = 128;
    constexpr Eigen::Index columns = 256;
    constexpr double ratio = 0.5;
    ScatteringMedium medium(1, columns, rows, 1, workers);
    const bool turned = GENERATE(false, true);
    if (turned) {
        // The law is that of any device on the way.
        std::vector<double> angles(medium.components());
        for (std::size_t i = 0; i < angles.size(); ++i) {
            angles[i] = KeyedRandom(1, "angles").normal(i);
        }
        medium.turn(angles);
    }
    Eigen::MatrixXcd t(rows, columns);
    for (Eigen::Index j = 0; j < rows; ++j) {
        const std::vector<std::complex<float>> row = medium.row(static_cast<std::size_t>(j), 0);
        for (Eigen::Index k = 0; k < columns; ++k) {
            t(j, k) = std::complex<double>(row[static_cast<std::size_t>(k)]);
        }
    }
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXcd> solver(t * t.adjoint(),
                                                                 Eigen::EigenvaluesOnly);
    std::vector<double> squares(solver.eigenvalues().begin(), solver.eigenvalues().end());
    REQUIRE(marchenko_pastur(10.0, ratio) == Approx(1.0).epsilon(1e-3));
    CAPTURE(squares.front(), squares.back());
    CHECK(squares.front() == Approx(std::pow(1 - std::sqrt(ratio), 2)).margin(0.03));
    CHECK(squares.back() == Approx(std::pow(1 + std::sqrt(ratio), 2)).margin(0.15));
    // Eigenvalues repel each other: they keep much closer to their law than independent numbers,
    // of which one sample in twenty would be 1.36 / sqrt(rows) = 0.12 away. Here: three of them.
    CHECK(kolmogorov_distance(squares, [](double x) { return marchenko_pastur(x, ratio); }) <
          3.0 / rows);
}

TEST_CASE("intensities of a medium turned by asin(a) correlate by 1 - a^2, binned or not") {
    Workers workers(2);
    const std::size_t grains = GENERATE(1U, 2U);
    OpticalDevice device(noiseless(4000, grains), 1, workers);
    const std::vector<double> nominal = speckle(device, 1);
    for (const double a : {0.1, 0.5, 0.8, 1.0}) {
        device.displace(std::vector<double>(device.displacements(), std::asin(a)));
        CAPTURE(a, grains);
        CHECK(correlation(nominal, speckle(device, 1)) == Approx(1 - a * a).margin(0.05));
    }
}

TEST_CASE("the camera's variance is that of Poisson's electrons, of reading and of rounding") {
    Workers workers(2);
    OpticalParameters p = noiseless(300, 2);
    p.camera_noise = 1.0;
    p.bits = GENERATE(std::size_t{8}, std::size_t{12});
    p.read_noise = 20.0;
    const OpticalDevice device(p, 1, workers);
    constexpr std::size_t repeats = 3000;
    // Pattern 0, measured again and again.
    OwnedBlock x(p.inputs(), repeats);
    const KeyedRandom random(0, "pattern");
    for (std::size_t i = 0; i < repeats; ++i) {
        for (std::size_t k = 0; k < p.inputs(); ++k) {
            x.sample(i)[k] = static_cast<float>(random.uniform(k));
        }
    }
    OwnedBlock mean(p.outputs, 1);
    OwnedBlock y(p.outputs, repeats);
    device.electrons(x.view().slice(0, 1), mean.view(), {});
    device.respond(x.view(), y.view(), {.key = 1, .number = 0}, {});

    const double unit = p.full_well / static_cast<double>(p.largest_count()); // electrons a count
    double ratio = 0.0;
    double third = 0.0;
    double outputs = 0.0;
    for (std::size_t j = 0; j < p.outputs; ++j) {
        const auto electrons = static_cast<double>(mean.sample(0)[j]);
        if (electrons < 1000.0 || electrons > 0.9 * p.full_well) {
            continue; // near the ends the noise is cut
        }
        double average = 0.0;
        for (std::size_t i = 0; i < repeats; ++i) {
            average += unit * static_cast<double>(y.sample(i)[j]) / repeats;
        }
        double square = 0.0;
        double cube = 0.0;
        for (std::size_t i = 0; i < repeats; ++i) {
            const double off = unit * static_cast<double>(y.sample(i)[j]) - average;
            square += off * off / repeats;
            cube += off * off * off / repeats;
        }
        const double expected = electrons + 20.0 * 20.0 + unit * unit / 12;
        CHECK(average == Approx(electrons).margin(5 * std::sqrt(expected / repeats)));
        CHECK(square == Approx(expected).epsilon(6 * std::sqrt(2.0 / repeats)));
        ratio += square / expected;
        third += cube / std::pow(expected, 1.5);
        outputs += 1.0;
    }
    REQUIRE(outputs > 150);
    CHECK(ratio / outputs == Approx(1.0).epsilon(0.01));
    CHECK(third / outputs == Approx(0.0).margin(0.03));
}
