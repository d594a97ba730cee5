#include "sim/physics/acoustic/cavity.hpp"
#include "sim/physics/acoustic/streamed_cavity.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

using namespace phyll;
using namespace phyll::physics;

namespace {

AcousticParameters quick() {
    AcousticParameters p;
    p.highest_mode = 1500;
    return p;
}

/// What the speakers play of a stimulus in the simulated rig, from rest.
std::vector<double> drive(const AcousticCavity& cavity, const std::vector<float>& stimulus,
                          std::size_t steps) {
    const AcousticParameters& p = cavity.parameters();
    std::vector<double> played(steps * StreamedCavity::speakers);
    for (std::size_t i = 0; i < steps; ++i) {
        const double time = (static_cast<double>(i) + 0.5) / p.sample_rate;
        for (std::size_t k = 0; k < p.tones; ++k) {
            const auto amplitude = cavity.full_drive()[k] * static_cast<double>(stimulus[k]);
            played[i * StreamedCavity::speakers + k % StreamedCavity::speakers] +=
                amplitude *
                std::cos(2 * std::numbers::pi * p.tone(k) * time + p.multitone().phase(k));
        }
    }
    return played;
}

} // namespace

TEST_CASE("what is streamed through the cavity is what the rig computes of it") {
    const AcousticCavity cavity(quick());
    const AcousticParameters& p = cavity.parameters();
    std::vector<float> stimulus(p.tones);
    for (std::size_t k = 0; k < p.tones; ++k) {
        stimulus[k] = static_cast<float>(k % 5) / 4.0F;
    }
    OwnedBlock x(p.tones, 1);
    std::ranges::copy(stimulus, x.sample(0).begin());
    OwnedBlock y(cavity.n_out(), 1);
    Workers workers(1);
    cavity.respond(x.view(), y.view(), workers, {});

    const std::size_t steps = p.settle_steps() + p.window_steps();
    const std::vector<double> played = drive(cavity, stimulus, steps);
    std::vector<double> heard(steps * StreamedCavity::microphones);
    StreamedCavity streamed(p);
    // In pieces of any length it is the same.
    const std::size_t piece = GENERATE(64, 97, 1600);
    for (std::size_t first = 0; first < steps; first += piece) {
        const std::size_t count = std::min(piece, steps - first);
        REQUIRE(streamed.run(std::span(played).subspan(first * StreamedCavity::speakers,
                                                       count * StreamedCavity::speakers),
                             std::span(heard).subspan(first * StreamedCavity::microphones,
                                                      count * StreamedCavity::microphones)));
    }
    const std::vector<AcousticBin> bins = acoustic_bins(p);
    for (std::size_t k = 0; k < bins.size(); ++k) {
        std::complex<double> sum;
        for (std::size_t i = p.settle_steps(); i < steps; ++i) {
            const double time = (static_cast<double>(i) + 0.5) / p.sample_rate;
            sum += std::polar(1.0, -2 * std::numbers::pi * bins[k].frequency * time) *
                   heard[i * StreamedCavity::microphones + bins[k].microphone];
        }
        CAPTURE(k);
        REQUIRE(2 * std::abs(sum) / static_cast<double>(p.window_steps()) ==
                Approx(y.sample(0)[k]).epsilon(1e-4).margin(1e-3));
    }
}

TEST_CASE("a streamed cavity dies away, and is at rest after a long silence") {
    StreamedCavity cavity(quick());
    std::vector<double> played(1600 * StreamedCavity::speakers, 0.0);
    std::vector<double> heard(1600 * StreamedCavity::microphones);
    played[0] = 1e-3;
    REQUIRE(cavity.run(played, heard));
    const auto loudest = [&] {
        return std::abs(*std::ranges::max_element(
            heard, {}, [](double pressure) { return std::abs(pressure); }));
    };
    const double at_first = loudest();
    REQUIRE(at_first > 0.1);
    played[0] = 0.0;
    REQUIRE(cavity.run(played, heard));
    REQUIRE(loudest() < 0.05 * at_first);
    for (int k = 0; k < 20; ++k) {
        REQUIRE(cavity.run(played, heard));
    }
    REQUIRE(loudest() == 0.0);
    // What was is forgotten.
    StreamedCavity fresh(quick());
    std::vector<double> of_fresh = heard;
    played[4] = 1e-4;
    REQUIRE(cavity.run(played, heard));
    REQUIRE(fresh.run(played, of_fresh));
    REQUIRE(heard == of_fresh);
}

TEST_CASE("what no step can integrate leaves the cavity at rest") {
    StreamedCavity cavity(quick());
    std::vector<double> played(160 * StreamedCavity::speakers, 1e200);
    std::vector<double> heard(160 * StreamedCavity::microphones, 1.0);
    REQUIRE_FALSE(cavity.run(played, heard));
    REQUIRE(std::ranges::all_of(heard, [](double pressure) { return pressure == 0.0; }));
    std::ranges::fill(played, 0.0);
    REQUIRE(cavity.run(played, heard));
    REQUIRE(std::ranges::all_of(heard, [](double pressure) { return pressure == 0.0; }));
}
