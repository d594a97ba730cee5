#include "characterised.hpp"
#include "daemon/training/characterise/characterise.hpp"
#include "daemon/training/characterise/linear_share.hpp"
#include "daemon/training/characterise/probes.hpp"
#include "daemon/training/statistics.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

using namespace phyll;
using namespace phyll::training;
using Catch::Matchers::Contains;
using test::Characterised;
using test::characterised;
using test::mixture;

namespace {

constexpr std::size_t inputs = 6;
constexpr std::size_t outputs = 8;

LayerSpec spec_with(unsigned levels = 0) {
    return test::toy_spec(inputs, outputs, levels);
}

double linear(std::span<const float> x, std::size_t k, std::size_t) {
    return 3.0 + mixture(x, k);
}

double products(std::span<const float> x, std::size_t k, std::size_t) {
    const double v = 4.0 * mixture(x, k);
    return v * v +
           static_cast<double>(x[k % x.size()]) * static_cast<double>(x[(k + 1) % x.size()]);
}

} // namespace

TEST_CASE("a linear rig is found to be linear, quiet, steady and no computer") {
    const LayerSpec spec = spec_with();
    const Characterised found = characterised(spec, linear);
    const v1::Characterisation& r = found.report;
    REQUIRE(found.asked == characterise_queries(spec, 3));
    REQUIRE(found.stages.contains("exclusive or"));
    REQUIRE(r.nonlinear_share() < 1e-6);
    REQUIRE(r.settling() == 0.0);
    REQUIRE(r.settling_limit() == 0.0);
    REQUIRE(r.drift() == 0.0);
    REQUIRE(r.drift_limit() == 0.0);
    REQUIRE(r.sensitivity_limit() == 0.0);
    REQUIRE(r.exclusive_or().random_pairs() == Approx(0.5).margin(0.12));
    REQUIRE(r.exclusive_or().on_inputs() == Approx(0.5).margin(0.12));
    REQUIRE(r.exclusive_or().on_random_features() > 0.6);
    REQUIRE(r.exclusive_or().advantage() < 0.0);
    // Six inputs in eight outputs.
    REQUIRE(r.effective_rank() > 4.0);
    REQUIRE(r.effective_rank() <= 6.1);
    REQUIRE(r.outputs_size() == outputs);
    REQUIRE(r.inputs_size() == inputs);
    for (const v1::OutputQuality& output : r.outputs()) {
        REQUIRE_FALSE(output.has_snr_db());
        REQUIRE_FALSE(output.dead());
    }
    REQUIRE_THAT(r.verdict(), Contains("points over as many digital random features"));
    REQUIRE(r.nominal_seconds_per_sample() == 0.25);
}

TEST_CASE("a rig that multiplies its inputs solves the exclusive or") {
    const v1::Characterisation r = characterised(spec_with(), products).report;
    REQUIRE(r.nonlinear_share() > 0.1);
    REQUIRE(r.exclusive_or().adjacent_pairs() > 0.9);
    // Eight random features of six inputs solve it too.
    REQUIRE(r.exclusive_or().advantage() == Approx(0.0).margin(0.05));
    REQUIRE(std::isfinite(r.exclusive_or().advantage_half_width()));
}

TEST_CASE("the same rig, seed and responses give the same report") {
    const std::string once = characterised(spec_with(), products).report.SerializeAsString();
    REQUIRE(characterised(spec_with(), products).report.SerializeAsString() == once);
}

TEST_CASE("noise is measured in dB, and what only makes noise is named dead") {
    const KeyedRandom random(7, "noise");
    const v1::Characterisation r =
        characterised(spec_with(), [&](std::span<const float> x, std::size_t k, std::size_t n) {
            const double noise = 0.01 * random.normal(n, k);
            return k == 2 ? noise : k == 3 ? 1.0 : mixture(x, k) + noise;
        }).report;
    REQUIRE(r.outputs(2).dead());
    REQUIRE(r.outputs(3).dead());
    for (const int k : {0, 1, 4, 5}) {
        REQUIRE_FALSE(r.outputs(k).dead());
        const double deviation = test::mixture_deviation(inputs, static_cast<std::size_t>(k));
        REQUIRE(r.outputs(k).deviation() == Approx(deviation).epsilon(0.1));
        REQUIRE(r.outputs(k).snr_db() == Approx(20.0 * std::log10(deviation / 0.01)).margin(1.5));
    }
    REQUIRE(r.settling() < 0.06);
    REQUIRE(r.drift() < 0.06);
}

TEST_CASE("drift and slow settling are told apart from noise") {
    const v1::Characterisation drifting =
        characterised(spec_with(), [](std::span<const float> x, std::size_t k, std::size_t n) {
            return mixture(x, k) + 5e-5 * static_cast<double>(n);
        }).report;
    REQUIRE(drifting.drift() > 0.2);
    REQUIRE(drifting.settling() < 0.05);
    // A response that remembers a tenth of the sample before.
    std::vector<double> before(outputs, 0.0);
    const v1::Characterisation settling =
        characterised(spec_with(), [&](std::span<const float> x, std::size_t k, std::size_t) {
            const double now = mixture(x, k);
            return 0.9 * now + 0.1 * std::exchange(before[k], now);
        }).report;
    // A tenth of the difference of two random stimuli.
    REQUIRE(settling.settling() == Approx(0.1 * std::sqrt(2.0)).epsilon(0.3));
    REQUIRE(settling.settling() > settling.settling_limit());
}

TEST_CASE("an input that does nothing has no sensitivity") {
    const v1::Characterisation r =
        characterised(spec_with(), [](std::span<const float> x, std::size_t k, std::size_t n) {
            std::vector<float> without(x.begin(), x.end());
            without[4] = 0.0F;
            return products(without, k, n);
        }).report;
    REQUIRE(r.inputs(4).sensitivity() == 0.0);
    REQUIRE(r.inputs(3).sensitivity() > 0.1);
}

TEST_CASE("every bit that matters has a sensitivity") {
    const v1::Characterisation r = characterised(spec_with(2), linear).report;
    for (const v1::InputQuality& input : r.inputs()) {
        REQUIRE(input.sensitivity() > 0.1);
    }
}

TEST_CASE("drives are rounded to what an input can do, bits make an exclusive or of bits") {
    REQUIRE(rounded(0.4F, 2) == 0.0F);
    REQUIRE(rounded(0.6F, 2) == 1.0F);
    REQUIRE(rounded(0.3F, 0) == 0.3F);
    REQUIRE(rounded(0.5F, 256) == Approx(128.0 / 255.0));
    const LayerSpec bits = spec_with(2);
    const OwnedBlock uniform = uniform_drives(bits, 100, 1);
    REQUIRE(std::ranges::all_of(uniform.view().values(),
                                [](float v) { return v == 0.0F || v == 1.0F; }));
    const ExclusiveOrProbe probe = exclusive_or(bits, 1, 4, 80, 2);
    for (std::size_t i = 0; i < 80; ++i) {
        const auto x = probe.drives.sample(i);
        REQUIRE(probe.labels[i] == (x[1] != x[4] ? 1U : 0U));
        REQUIRE(x[0] == probe.drives.sample(0)[0]);
    }
    REQUIRE(std::ranges::count(probe.labels, 1U) == 40);
}

TEST_CASE("a continuous exclusive or keeps its distance from the threshold") {
    const ExclusiveOrProbe probe = exclusive_or(spec_with(), 0, 5, 200, 2);
    for (std::size_t i = 0; i < 200; ++i) {
        const auto x = probe.drives.sample(i);
        REQUIRE(std::abs(std::abs(x[0] - 0.5F) - 0.25F) <= 0.0501F);
        REQUIRE(x[2] == 0.5F);
        REQUIRE(probe.labels[i] == ((x[0] > 0.5F) != (x[5] > 0.5F) ? 1U : 0U));
    }
    REQUIRE(std::ranges::count(std::span(probe.labels).first(100), 1U) == 50); // in either half
    REQUIRE(std::ranges::count(probe.labels, 1U) == 100);
}

TEST_CASE("effective rank counts independent directions") {
    OwnedBlock y(4, 500);
    const KeyedRandom random(1, "directions");
    for (std::size_t i = 0; i < 500; ++i) {
        const auto a = static_cast<float>(random.normal(i, 0));
        const auto b = static_cast<float>(random.normal(i, 1));
        y.sample(i)[0] = a;
        y.sample(i)[1] = 100.0F * a;
        y.sample(i)[2] = b;
        y.sample(i)[3] = -b + 5.0F;
    }
    REQUIRE(effective_rank(y.view(), std::vector<bool>(4)) == Approx(2.0).margin(0.05));
    REQUIRE(effective_rank(y.view(), {false, false, true, true}) == Approx(1.0).margin(0.01));
}

TEST_CASE("the interval of a mean is Student's") {
    // Four values of sample deviation 1: t(3) = 3.182, so 3.182 / 2.
    REQUIRE(half_width_95(std::sqrt(3.0 / 4.0), 4) == Approx(1.591).margin(0.001));
    REQUIRE(std::isinf(half_width_95(1.0, 1)));
}
