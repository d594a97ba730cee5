#include "characterised.hpp"
#include "drivers/core/random.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <utility>
#include <vector>

using namespace phyll;
using test::characterised;

namespace {

constexpr std::size_t inputs = 6;
constexpr std::size_t outputs = 8;

const LayerSpec& spec() {
    static const LayerSpec toy = test::toy_spec(inputs, outputs);
    return toy;
}

/// A steady linear rig that forgets and whose input 4 does nothing, outputs of unit deviation, with
/// noise of `noise`: each output its own, or the same for all.
v1::Characterisation steady(std::uint64_t seed, double noise, bool common = false) {
    const KeyedRandom random(seed, "noise");
    return characterised(spec(),
                         [&](std::span<const float> x, std::size_t k, std::size_t n) {
                             std::vector<float> seen(x.begin(), x.end());
                             seen[4] = 0.0F;
                             return test::mixture(seen, k) / test::mixture_deviation(inputs, k) +
                                    noise * random.normal(n, common ? 0 : k);
                         })
        .report;
}

} // namespace

TEST_CASE("signal to noise is the signal's, without the noise in it") {
    const KeyedRandom random(1, "noise");
    for (const double db : {20.0, 6.0, 0.0}) {
        const double noise = std::pow(10.0, -db / 20.0);
        const v1::Characterisation r =
            characterised(spec(), [&](std::span<const float> x, std::size_t k, std::size_t n) {
                return test::mixture(x, k) / test::mixture_deviation(inputs, k) +
                       noise * random.normal(n, k);
            }).report;
        double mean = 0.0;
        for (const v1::OutputQuality& output : r.outputs()) {
            mean += output.snr_db() / outputs;
            CHECK(output.deviation() == Approx(1.0).margin(0.25));
        }
        CHECK(mean == Approx(db).margin(0.8));
    }
}

TEST_CASE("noise alone has a signal to noise that can be written down") {
    const KeyedRandom random(1, "noise");
    const v1::Characterisation r =
        characterised(spec(), [&](std::span<const float> x, std::size_t k, std::size_t n) {
            return k == 0 ? test::mixture(x, k) : random.normal(n, k);
        }).report;
    for (int k = 1; k < static_cast<int>(outputs); ++k) {
        CHECK(r.outputs(k).dead());
        CHECK(r.outputs(k).snr_db() >= -10.0);
        CHECK(r.outputs(k).snr_db() < -3.0);
    }
}

TEST_CASE("a noisy rig that neither settles nor drifts is said to do neither", "[long]") {
    constexpr int rigs = 20;
    for (const bool common : {false, true}) {
        int settles = 0;
        int drifts = 0;
        int feels = 0;
        int no_drift = 0;
        for (std::uint64_t seed = 0; seed < rigs; ++seed) {
            const v1::Characterisation r = steady(seed, 0.1, common);
            settles += r.settling() > r.settling_limit() ? 1 : 0;
            drifts += r.drift() > r.drift_limit() ? 1 : 0;
            feels += r.inputs(4).sensitivity() > r.sensitivity_limit() ? 1 : 0;
            no_drift += r.drift() == 0.0 ? 1 : 0;
            REQUIRE(r.settling_limit() < 0.3);
            REQUIRE(r.inputs(3).sensitivity() > r.sensitivity_limit());
        }
        CAPTURE(common);
        CHECK(settles <= 3);
        CHECK(drifts <= 3);
        CHECK(feels <= 3);
        // What noise explains is subtracted from the mean: half of the means are below 0.
        CHECK(no_drift >= 5);
        CHECK(no_drift <= 15);
    }
}

TEST_CASE("noise is not counted as nonlinearity") {
    CHECK(steady(1, 0.316).nonlinear_share() < 0.01);
    CHECK(steady(1, 0.9).nonlinear_share() < 0.12); // of a variance that is 45 % noise
}

TEST_CASE("settling and drift are read through noise") {
    const KeyedRandom random(2, "noise");
    std::vector<double> before(outputs, 0.0);
    const v1::Characterisation r =
        characterised(spec(), [&](std::span<const float> x, std::size_t k, std::size_t n) {
            const double now = test::mixture(x, k) / test::mixture_deviation(inputs, k);
            return 0.8 * now + 0.2 * std::exchange(before[k], now) + 1e-4 * static_cast<double>(n) +
                   0.1 * random.normal(n, k);
        }).report;
    CHECK(r.settling() > r.settling_limit());
    // Against the deviation of what is kept and what is remembered.
    const double deviation = std::hypot(0.8, 0.2);
    CHECK(r.settling() == Approx(0.2 * std::sqrt(2.0) / deviation).epsilon(0.3));
    CHECK(r.drift() > r.drift_limit());
}
