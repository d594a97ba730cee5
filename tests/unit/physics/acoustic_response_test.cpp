#include "drivers/core/error.hpp"
#include "drivers/core/random.hpp"
#include "sim/physics/acoustic/cavity.hpp"
#include "sim/physics/acoustic/linear_response.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <complex>
#include <utility>

using namespace phyll;
using namespace phyll::physics;

namespace {

using Complex = std::complex<double>;

/// Long enough for everything but the drive to have died out in double precision.
constexpr double long_settling = 0.4; // s

/// Phasors at all bins of one device, for as many drives (tone amplitudes in m^3/s) as there are
/// lanes at most.
template <class Real>
std::vector<std::vector<Complex>> phasors(const AcousticParameters& p,
                                          const std::vector<std::vector<double>>& drives) {
    const AcousticIntegrator<Real> integrator(p, nominal_geometry(p));
    typename AcousticIntegrator<Real>::Tile tile = integrator.new_tile();
    for (std::size_t lane = 0; lane < drives.size(); ++lane) {
        for (std::size_t k = 0; k < p.tones; ++k) {
            tile.amplitude(k, lane) = static_cast<Real>(drives[lane][k]);
        }
    }
    REQUIRE(integrator.run(tile, p.settle_steps() + p.window_steps(), p.settle_steps()) == 0);
    std::vector<std::vector<Complex>> result(drives.size());
    for (std::size_t lane = 0; lane < drives.size(); ++lane) {
        for (std::size_t k = 0; k < integrator.bins(); ++k) {
            result[lane].emplace_back(tile.pressure(k, lane));
        }
    }
    return result;
}

std::vector<double> only(std::size_t tone, double amplitude) {
    std::vector<double> drive(AcousticParameters{}.tones);
    drive[tone] = amplitude;
    return drive;
}

std::vector<double> uniform_drive(std::uint64_t number, double amplitude) {
    const KeyedRandom random(9, "drive");
    std::vector<double> drive(AcousticParameters{}.tones);
    for (std::size_t k = 0; k < drive.size(); ++k) {
        drive[k] = amplitude * random.uniform(number, k);
    }
    return drive;
}

/// Largest relative error of the time integration against the frequency domain, over all tones.
double transfer_error(double sample_rate) {
    AcousticParameters p;
    p.settle_time = long_settling;
    p.sample_rate = sample_rate;
    constexpr double amplitude = 1e-7;
    double worst = 0.0;
    for (std::size_t k = 0; k < p.tones; ++k) {
        const Complex measured = phasors<double>(p, {only(k, amplitude)})[0][k] / amplitude;
        const Complex exact = linear_transfer(p, nominal_geometry(p), k % 4, k % 2, p.tone(k));
        worst = std::max(worst, std::abs(std::abs(measured) / std::abs(exact) - 1));
    }
    return worst;
}

/// How far the response to a + b is from the sum of the responses, relative to that sum.
template <class Real>
double superposition_error(double amplitude) {
    const std::vector<double> a = uniform_drive(0, amplitude);
    const std::vector<double> b = uniform_drive(1, amplitude);
    std::vector<double> both = a;
    for (std::size_t k = 0; k < both.size(); ++k) {
        both[k] += b[k];
    }
    const auto answer = phasors<Real>(AcousticParameters{}, {a, b, both});
    double error = 0.0;
    double size = 0.0;
    for (std::size_t k = 0; k < both.size(); ++k) {
        error += std::norm(answer[0][k] + answer[1][k] - answer[2][k]);
        size += std::norm(answer[2][k]);
    }
    return std::sqrt(error / size);
}

OwnedBlock answer(const AcousticCavity& cavity, const OwnedBlock& x) {
    Workers workers(2);
    OwnedBlock y(cavity.n_out(), x.samples());
    cavity.respond(x.view(), y.view(), workers, {});
    return y;
}

} // namespace

TEST_CASE("at small drive the cavity is its frequency-domain solution, to second order in time") {
    const double coarse = transfer_error(16000);
    const double fine = transfer_error(48000);
    CAPTURE(coarse, fine);
    REQUIRE(coarse < 0.06);
    REQUIRE(fine < 0.0075);
    REQUIRE(coarse / fine == Approx(9.0).margin(1.5));
}

TEST_CASE("speaker and microphone can change places") {
    AcousticParameters p;
    p.settle_time = long_settling;
    AcousticParameters swapped = p;
    std::swap(swapped.speakers[0], swapped.microphones[0]);
    for (const std::size_t tone : {0U, 4U, 8U, 12U, 16U}) { // on speaker 0, read at microphone 0
        const auto there = phasors<float>(p, {only(tone, 1e-6)})[0][tone];
        const auto back = phasors<float>(swapped, {only(tone, 1e-6)})[0][tone];
        CAPTURE(tone, there, back);
        REQUIRE(std::abs(there - back) < 1e-5 * std::abs(there));
    }
}

TEST_CASE("responses add up at small drive and do not at the default") {
    const double small = superposition_error<float>(1e-6);
    const double full = superposition_error<float>(AcousticParameters{}.drive);
    CAPTURE(small, full);
    REQUIRE(small < 2e-5);
    REQUIRE(full > 0.1);
}

TEST_CASE("between the tones there is what a cubic nonlinearity makes") {
    AcousticParameters p;
    p.bins = AcousticBins::intermodulation;
    p.settle_time = long_settling;
    // Weak enough for the next order to be out of sight even in bins where the third nearly
    // cancels.
    constexpr double weak = 3e-7;
    constexpr double strong = 1e-6;
    const auto answers = phasors<double>(p, {uniform_drive(0, weak), uniform_drive(0, strong)});
    const std::vector<AcousticBin> bins = acoustic_bins(p);
    for (std::size_t k = 0; k < bins.size(); ++k) {
        const double exponent =
            std::log(std::abs(answers[1][k]) / std::abs(answers[0][k])) / std::log(strong / weak);
        CAPTURE(k, exponent);
        REQUIRE(exponent == Approx(bins[k].driven ? 1.0 : 3.0).margin(0.01));
    }
}

TEST_CASE("two successive windows agree: the device has settled") {
    const AcousticParameters p;
    const std::vector<double> gains = tone_gains(p);
    const AcousticIntegrator<float> integrator(p, nominal_geometry(p));
    AcousticIntegrator<float>::Tile tile = integrator.new_tile();
    const KeyedRandom random(3, "vowel-like");
    constexpr std::size_t lanes = AcousticIntegrator<float>::lanes;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        for (std::size_t k = 0; k < p.tones; ++k) {
            const double drive = std::clamp(0.5 + random.normal(lane, k) / 6, 0.0, 1.0);
            tile.amplitude(k, lane) = static_cast<float>(p.drive * gains[k] * drive);
        }
    }
    REQUIRE(integrator.run(tile, p.settle_steps() + p.window_steps(), p.settle_steps()) == 0);
    const AcousticIntegrator<float>::Tile first = tile;
    REQUIRE(integrator.run(tile, p.window_steps(), 0) == 0);
    double difference = 0.0;
    double size = 0.0;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        for (std::size_t k = 0; k < integrator.bins(); ++k) {
            difference +=
                std::pow(std::abs(tile.pressure(k, lane)) - std::abs(first.pressure(k, lane)), 2);
            size += std::norm(tile.pressure(k, lane));
        }
    }
    const double disagreement = std::sqrt(difference / size);
    CAPTURE(disagreement);
    REQUIRE(disagreement < 0.005);
}

TEST_CASE("how well the cavity has settled is measured on the displaced device") {
    AcousticParameters p;
    const KeyedRandom random(3, "drives of a settling cavity");
    constexpr std::size_t samples = 19; // no whole number of tiles
    AcousticCavity cavity(p);
    OwnedBlock x(cavity.n_in(), samples);
    for (std::size_t i = 0; i < samples; ++i) {
        for (std::size_t k = 0; k < x.channels(); ++k) {
            x.sample(i)[k] = static_cast<float>(random.uniform(i, k));
        }
    }
    const double nominal = cavity.disagreement_of_windows(x.view());
    REQUIRE(nominal > 0.0);
    REQUIRE(nominal < 0.02);
    std::vector<double> offsets(acoustic_displacements);
    for (std::size_t i = 0; i < offsets.size(); ++i) {
        offsets[i] = random.normal(100, i);
    }
    cavity.displace(offsets);
    const double displaced = cavity.disagreement_of_windows(x.view());
    REQUIRE(displaced != nominal);
    REQUIRE(displaced > 0.0);
    REQUIRE(displaced < 0.2);
    double largest = 0.0;
    for (std::size_t i = 0; i < samples; ++i) {
        largest = std::max(largest, cavity.disagreement_of_windows(x.view().slice(i, 1)));
    }
    REQUIRE(displaced == largest);

    // Listened to before the sound has built up, it has not settled, and that shows.
    p.settle_time = 0.002;
    REQUIRE(AcousticCavity(p).disagreement_of_windows(x.view()) > 10 * nominal);
    REQUIRE(cavity.disagreement_of_windows(OwnedBlock(cavity.n_in(), 1).view()) == 0.0);
}

TEST_CASE("silence is answered with silence") {
    const AcousticCavity cavity{AcousticParameters{}};
    const OwnedBlock y = answer(cavity, OwnedBlock(cavity.n_in(), 1));
    REQUIRE(std::ranges::count(y.view().values(), 0.0F) ==
            static_cast<std::ptrdiff_t>(cavity.n_out()));
}

TEST_CASE("a drive far beyond the default still gives finite responses") {
    AcousticParameters p;
    p.drive = 1e-2;
    const AcousticCavity cavity(p);
    OwnedBlock x(cavity.n_in(), 16);
    std::ranges::fill(x.view().values(), 1.0F);
    const OwnedBlock y = answer(cavity, x);
    for (const float value : y.view().values()) {
        REQUIRE(std::isfinite(value));
    }
}

TEST_CASE("a drive that cannot be integrated is an error that names the sample") {
    AcousticParameters p;
    p.drive = 1e25;
    const AcousticCavity cavity(p);
    OwnedBlock x(cavity.n_in(), 40);
    x.sample(21)[3] = 1.0F;
    x.sample(35)[3] = 1.0F;
    try {
        static_cast<void>(answer(cavity, x));
        FAIL("answered");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::internal);
        REQUIRE(std::string(error.what()).find("sample 21 ") != std::string::npos);
    }
}
