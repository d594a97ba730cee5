#include "daemon/training/encoding.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <vector>

using namespace phyll;
using namespace phyll::training;
using Catch::Matchers::Contains;

namespace {

/// One channel with the values 0, 1, ..., 100.
OwnedBlock ramp() {
    OwnedBlock h(1, 101);
    for (std::size_t i = 0; i < h.samples(); ++i) {
        h.sample(i)[0] = static_cast<float>(i);
    }
    return h;
}

Encoder fitted(EncodingKind kind, const OwnedBlock& h) {
    Encoder encoder(kind, h.channels(), 0);
    encoder.fit(h.view());
    return encoder;
}

struct Encoded {
    float drive;
    std::uint64_t clipped;
};

/// Of a single value in a single channel.
Encoded encode(const Encoder& encoder, float value) {
    float drive = -1.0F;
    const std::uint64_t clipped = encoder.encode({&value, 1, 1}, {&drive, 1, 1});
    return {drive, clipped};
}

} // namespace

TEST_CASE("standard puts three deviations at the ends") {
    const Encoder encoder = fitted(EncodingKind::standard, ramp());
    const float deviation = std::sqrt((101.0F * 101.0F - 1.0F) / 12.0F);
    CHECK(encode(encoder, 50.0F).drive == Approx(0.5F));
    CHECK(encode(encoder, 50.0F + 1.5F * deviation).drive == Approx(0.75F));
    CHECK(encode(encoder, 50.0F - 3.1F * deviation).drive == 0.0F);
    CHECK(encode(encoder, 50.0F - 3.1F * deviation).clipped == 1);
    CHECK(encode(encoder, 100.0F).clipped == 0);
}

TEST_CASE("affine puts the first and last percentile at the ends, minmax the extremes") {
    const Encoder affine = fitted(EncodingKind::affine, ramp());
    CHECK(encode(affine, 1.0F).drive == Approx(0.0F).margin(1e-6));
    CHECK(encode(affine, 99.0F).drive == Approx(1.0F));
    CHECK(encode(affine, 25.5F).drive == Approx(0.25F));
    CHECK(encode(affine, 0.0F).clipped == 1);
    CHECK(encode(affine, 100.0F).drive == 1.0F);

    const OwnedBlock h = ramp();
    const Encoder minmax = fitted(EncodingKind::minmax, h);
    OwnedBlock x(1, h.samples());
    CHECK(minmax.encode(h.view(), x.view()) == 0);
    CHECK(x.sample(0)[0] == 0.0F);
    CHECK(x.sample(100)[0] == 1.0F);
    CHECK(encode(minmax, 101.0F).clipped == 1);
}

TEST_CASE("percentiles are interpolated between neighbours") {
    OwnedBlock h(1, 2);
    h.sample(0)[0] = 10.0F;
    h.sample(1)[0] = 0.0F;
    const Encoder affine = fitted(EncodingKind::affine, h);
    CHECK(affine.offset()[0] == Approx(0.1F));
    CHECK(affine.scale()[0] == Approx(9.8F));
}

TEST_CASE("tanh never clips") {
    const Encoder encoder = fitted(EncodingKind::tanh, ramp());
    const float deviation = std::sqrt((101.0F * 101.0F - 1.0F) / 12.0F);
    CHECK(encode(encoder, 50.0F).drive == Approx(0.5F));
    CHECK(encode(encoder, 50.0F + deviation).drive == Approx(0.5F + 0.5F * std::tanh(1.0F)));
    for (const float value : {-1e30F, 1e30F}) {
        CHECK(encode(encoder, value).drive >= 0.0F);
        CHECK(encode(encoder, value).drive <= 1.0F);
        CHECK(encode(encoder, value).clipped == 0);
    }
}

TEST_CASE("unit norm drops signs and magnitude, and leaves the label out") {
    Encoder encoder(EncodingKind::unit_norm, 4, 2);
    OwnedBlock h(4, 2);
    std::ranges::copy(std::vector<float>{0.0F, 1.0F, -3.0F, 4.0F}, h.sample(0).begin());
    encoder.fit(h.view());
    OwnedBlock x(4, 2);
    CHECK(encoder.encode(h.view(), x.view()) == 0);
    CHECK(std::ranges::equal(x.sample(0), std::vector<float>{0.0F, 1.0F, 0.6F, 0.8F}));
    CHECK(std::ranges::equal(x.sample(1), std::vector<float>(4, 0.0F)));
}

TEST_CASE("label entries pass as they are and further inputs rest") {
    for (const auto kind : {EncodingKind::standard, EncodingKind::affine, EncodingKind::minmax,
                            EncodingKind::tanh, EncodingKind::unit_norm}) {
        Encoder encoder(kind, 3, 2);
        OwnedBlock h(3, 2);
        std::ranges::copy(std::vector<float>{0.7F, 0.0F, -5.0F}, h.sample(0).begin());
        std::ranges::copy(std::vector<float>{0.0F, 0.7F, 5.0F}, h.sample(1).begin());
        encoder.fit(h.view());
        OwnedBlock x(5, 2);
        std::ranges::fill(x.view().values(), 9.0F);
        static_cast<void>(encoder.encode(h.view(), x.view()));
        CHECK(x.sample(0)[0] == 0.7F);
        CHECK(x.sample(0)[1] == 0.0F);
        CHECK(x.sample(1)[1] == 0.7F);
        CHECK(x.sample(0)[2] >= 0.0F);
        CHECK(x.sample(0)[2] <= 1.0F);
        CHECK(x.sample(1)[3] == 0.0F);
        CHECK(x.sample(1)[4] == 0.0F);
    }
}

TEST_CASE("a channel that never changed is encoded in the middle") {
    OwnedBlock h(1, 3);
    std::ranges::fill(h.view().values(), 7.0F);
    for (const auto kind :
         {EncodingKind::standard, EncodingKind::affine, EncodingKind::minmax, EncodingKind::tanh}) {
        CHECK(encode(fitted(kind, h), 7.0F).drive == 0.5F);
    }
}

TEST_CASE("an unknown encoding is refused with those there are") {
    CHECK(parse_encoding("layers[1].encoding.kind", "minmax") == EncodingKind::minmax);
    CHECK_THROWS_WITH(parse_encoding("layers[1].encoding.kind", "linear"),
                      Contains("layers[1].encoding.kind") && Contains("'linear'") &&
                          Contains("'standard', 'affine', 'minmax', 'unit_norm', 'tanh'"));
}
