#include "daemon/training/characterise/comparison.hpp"

#include "characterised.hpp"
#include "daemon/training/characterise/pairs.hpp"
#include "daemon/training/characterise/probes.hpp"
#include "daemon/training/random_features.hpp"
#include "daemon/training/statistics.hpp"
#include "drivers/core/random.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace phyll;
using namespace phyll::training;
using Catch::Matchers::Contains;

namespace {

constexpr std::size_t outputs = 30;

/// Random features too, but of another seed and with noise of `share` of their deviation.
class NoisyFeatures {
  public:
    NoisyFeatures(const LayerSpec& spec, ConstBlock uniform, double share)
        : features_(spec, 100), share_(share) {
        OwnedBlock y(outputs, uniform.samples());
        features_.query(uniform, y.view(), {});
        for (std::size_t k = 0; k < outputs; ++k) {
            deviation_.push_back(
                moments(y.samples(), [&](std::size_t i) { return y.sample(i)[k]; }).deviation);
        }
    }

    OwnedBlock operator()(ConstBlock x) {
        OwnedBlock y(outputs, x.samples());
        features_.query(x, y.view(), {});
        for (std::size_t i = 0; i < y.samples(); ++i, ++number_) {
            for (std::size_t k = 0; k < outputs; ++k) {
                y.sample(i)[k] +=
                    static_cast<float>(share_ * deviation_[k] * random_.normal(number_, k));
            }
        }
        return y;
    }

  private:
    RandomFeatures features_;
    double share_;
    std::vector<double> deviation_;
    KeyedRandom random_{8, "noise of the rig"};
    std::uint64_t number_ = 0;
};

v1::ExclusiveOr compared(double noise_of_rig, double noise_of_features) {
    const LayerSpec spec = test::toy_spec(20, outputs);
    const OwnedBlock uniform = uniform_drives(spec, 1200, 1);
    NoisyFeatures rig(spec, uniform.view(), noise_of_rig);
    return compare_products({.spec = spec,
                             .seed = 1,
                             .measure = [&](ConstBlock x) { return rig(x); },
                             .uniform = uniform.view(),
                             .noise_share = std::vector<double>(outputs, noise_of_features)});
}

} // namespace

TEST_CASE("a rig that is noisy random features adds nothing over random features, and takes none") {
    const v1::ExclusiveOr equal = compared(0.4, 0.4);
    CHECK(std::abs(equal.advantage()) < equal.advantage_half_width());
    CHECK(std::abs(equal.advantage()) < 0.05);
    // Against features without noise the noise of the rig would be put down to its physics.
    const v1::ExclusiveOr noiseless = compared(0.4, 0.0);
    CHECK(noiseless.advantage() < -0.1);
    CHECK(noiseless.advantage() < -noiseless.advantage_half_width());
}

TEST_CASE("the characterisation gives random features the noise that it measured") {
    const LayerSpec spec = test::toy_spec(20, outputs);
    const OwnedBlock uniform = uniform_drives(spec, 1200, 1);
    NoisyFeatures rig(spec, uniform.view(), 0.4);
    std::size_t now = ~std::size_t{0};
    OwnedBlock y;
    const v1::Characterisation r =
        test::characterised(spec, [&](std::span<const float> x, std::size_t k, std::size_t n) {
            if (n != now) {
                now = n;
                y = rig({x.data(), x.size(), 1});
            }
            return static_cast<double>(y.sample(0)[k]);
        }).report;
    CHECK(std::abs(r.exclusive_or().advantage()) < 0.05);
    CHECK_THAT(r.verdict(), Contains("of equal noise"));
}

TEST_CASE("every pair of inputs is measured once") {
    for (const std::size_t inputs : {2UL, 3UL, 4UL, 5UL, 6UL, 20UL}) {
        for (std::uint64_t seed = 0; seed < 50; ++seed) {
            const PairChoice choice = choose_pairs(inputs, seed);
            const std::set<Pair> different(choice.distinct.begin(), choice.distinct.end());
            REQUIRE(different.size() == choice.distinct.size());
            REQUIRE(choice.random.size() == std::min<std::size_t>(5, inputs * (inputs - 1) / 2));
            REQUIRE(choice.adjacent.size() == std::min<std::size_t>(5, inputs - 1));
            for (const std::size_t pair : choice.adjacent) {
                REQUIRE(choice.distinct[pair].second == choice.distinct[pair].first + 1);
            }
            for (const std::size_t pair : choice.random) {
                REQUIRE(choice.distinct[pair].first < choice.distinct[pair].second);
                REQUIRE(choice.distinct[pair].second < inputs);
            }
        }
    }
    REQUIRE(choose_pairs(3, 1).distinct.size() == 3);
}

TEST_CASE("a single pair has no interval, and the verdict says so") {
    const test::Physics product = [](std::span<const float> x, std::size_t, std::size_t) {
        return static_cast<double>(x[0]) * static_cast<double>(x[1]);
    };
    const v1::Characterisation two = test::characterised(test::toy_spec(2, 4), product).report;
    CHECK(two.exclusive_or().distinct_pairs() == 1);
    CHECK_FALSE(two.exclusive_or().has_advantage_half_width());
    CHECK_THAT(two.verdict(), Contains("a single pair"));
    CHECK_THAT(two.verdict(), !Contains("+-"));
    const v1::Characterisation three = test::characterised(test::toy_spec(3, 4), product).report;
    CHECK(three.exclusive_or().distinct_pairs() == 3);
    CHECK(three.exclusive_or().has_advantage_half_width());
    CHECK_THAT(three.verdict(), Contains("3 pairs, 95 % interval"));
}
