#include "daemon/training/feature_scaling.hpp"
#include "daemon/training/response_scaling.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

using namespace phyll;
using namespace phyll::training;

namespace {

OwnedBlock block(std::size_t channels, const std::vector<float>& values) {
    OwnedBlock result(channels, values.size() / channels);
    std::ranges::copy(values, result.view().values().begin());
    return result;
}

} // namespace

TEST_CASE("features are scaled with the training split's statistics alone") {
    const std::vector<std::uint32_t> training{0, 1};
    const std::vector<std::uint32_t> all{0, 1, 2, 3};
    // Two features: one that varies, one that stands still in the training split.
    const Samples inputs(block(2, {1, 5, 3, 5, 900, 6, -900, 4}));
    const FeatureScaling scaling = FeatureScaling::fit(inputs, training);
    CHECK(scaling.mean == std::vector<float>{2, 5});
    CHECK(scaling.deviation == std::vector<float>{1, 1});

    // Test values beyond the training range are taken as its ends.
    OwnedBlock scores(2, 4);
    Scores(inputs, scaling, all).rows().gather(0, scores.view());
    CHECK(std::ranges::equal(scores.view().values(), std::vector<float>{-1, 0, 1, 0, 1, 0, -1, 0}));

    const Samples other(block(2, {1, 5, 3, 5, 2, 5, 2, 5}));
    const FeatureScaling same = FeatureScaling::fit(other, training);
    CHECK(same.minimum == scaling.minimum);
    CHECK(same.maximum == scaling.maximum);
    CHECK(same.mean == scaling.mean);
    CHECK(same.deviation == scaling.deviation);
}

TEST_CASE("responses are standardised per output, dead outputs by a floor") {
    // Deviations 3, 4 and almost nothing.
    const OwnedBlock responses = block(3, {-3, 10, 0, 3, 18, 1e-4F});
    ResponseScaling scaling(ResponseScaling::Kind::per_output, 3);
    scaling.fit(responses.view());
    CHECK(scaling.mean()[1] == 14.0F);
    CHECK(scaling.scale()[0] == 3.0F);
    CHECK(scaling.scale()[1] == 4.0F);
    CHECK(scaling.scale()[2] == Approx(0.05 * std::sqrt(25.0 / 3.0)));
    std::vector<float> scaled(3);
    scaling.apply(responses.sample(0), scaled);
    CHECK(scaled[0] == -1.0F);
    CHECK(scaled[1] == -1.0F);
    CHECK(std::abs(scaled[2]) < 1e-3F);
}

TEST_CASE("responses can have one scale in common") {
    const OwnedBlock responses = block(2, {-3, 10, 3, 18});
    ResponseScaling scaling(ResponseScaling::Kind::common, 2);
    scaling.fit(responses.view());
    CHECK(scaling.scale()[0] == Approx(std::sqrt(12.5)));
    CHECK(scaling.scale()[1] == scaling.scale()[0]);
}

TEST_CASE("a rig that does not respond at all divides by nothing") {
    for (const auto kind : {ResponseScaling::Kind::per_output, ResponseScaling::Kind::common}) {
        ResponseScaling scaling(kind, 2);
        scaling.fit(block(2, {7, 8, 7, 8}).view());
        CHECK(scaling.scale()[0] == 1.0F);
        CHECK(scaling.mean()[1] == 8.0F);
    }
}
