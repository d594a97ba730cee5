#include "daemon/training/encoding.hpp"

#include "drivers/core/error.hpp"
#include "phyll/v1/run_spec.pb.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <set>
#include <string>
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
                            EncodingKind::tanh, EncodingKind::unit_norm, EncodingKind::direct}) {
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
                          Contains("'standard', 'affine', 'minmax', 'unit_norm', 'tanh', "
                                   "'direct', 'quantise', 'phase'"));
}

TEST_CASE("direct passes drives as they are, whatever was fitted, and counts what it clips") {
    const Encoder encoder = fitted(EncodingKind::direct, ramp());
    for (const float value : {0.0F, 0.3F, 1.0F, 0.1F + 0.2F}) {
        CHECK(encode(encoder, value).drive == value);
        CHECK(encode(encoder, value).clipped == 0);
    }
    CHECK(encode(encoder, -0.1F).drive == 0.0F);
    CHECK(encode(encoder, 1.1F).drive == 1.0F);
    CHECK(encode(encoder, 1.1F).clipped == 1);
}

namespace {

/// The bits that a channel with the values 0 to 100 gives at positions of its range.
std::vector<std::string> written(LevelCode code, std::size_t bits,
                                 const std::vector<float>& positions) {
    Encoder encoder({.kind = EncodingKind::quantise, .bits = bits, .code = code}, 1, 0);
    encoder.fit(ramp().view());
    std::vector<std::string> words;
    for (const float position : positions) {
        const float value = encoder.offset()[0] + position * encoder.scale()[0];
        std::vector<float> x(bits, -1.0F);
        static_cast<void>(encoder.encode({&value, 1, 1}, {x.data(), bits, 1}));
        std::string& word = words.emplace_back();
        for (const float bit : x) {
            CHECK((bit == 0.0F || bit == 1.0F));
            word += bit == 1.0F ? '1' : '0';
        }
    }
    return words;
}

using Words = std::vector<std::string>;

} // namespace

TEST_CASE("quantise cuts the range into equal levels and writes each in bits") {
    const std::vector<float> quarters{0.1F, 0.3F, 0.6F, 0.9F};
    CHECK(written(LevelCode::binary, 2, quarters) == Words{"00", "01", "10", "11"});
    CHECK(written(LevelCode::gray, 2, quarters) == Words{"00", "01", "11", "10"});
    CHECK(written(LevelCode::thermometer, 3, quarters) == Words{"000", "100", "110", "111"});
    CHECK(written(LevelCode::binary, 1, {0.49F, 0.51F}) == Words{"0", "1"});
    // Borders of levels and the ends of the range.
    CHECK(written(LevelCode::binary, 2, {-1.0F, 0.24F, 0.26F, 0.74F, 0.76F, 2.0F}) ==
          Words{"00", "00", "01", "10", "11", "11"});
}

TEST_CASE("gray words of neighbouring levels differ in one bit") {
    std::vector<float> levels;
    for (int level = 0; level < 16; ++level) {
        levels.push_back((static_cast<float>(level) + 0.5F) / 16.0F);
    }
    const Words words = written(LevelCode::gray, 4, levels);
    for (std::size_t i = 1; i < words.size(); ++i) {
        int differences = 0;
        for (std::size_t k = 0; k < 4; ++k) {
            differences += words[i][k] != words[i - 1][k] ? 1 : 0;
        }
        CHECK(differences == 1);
    }
    CHECK(std::set<std::string>(words.begin(), words.end()).size() == 16);
}

TEST_CASE("quantise spans two deviations, counts what is beyond, and lets a NaN be seen") {
    Encoder encoder({.kind = EncodingKind::quantise, .bits = 2, .code = LevelCode::binary}, 1, 0);
    encoder.fit(ramp().view());
    const float deviation = std::sqrt((101.0F * 101.0F - 1.0F) / 12.0F);
    CHECK(encoder.offset()[0] == Approx(50.0F - 2.0F * deviation));
    CHECK(encoder.scale()[0] == Approx(4.0F * deviation));
    std::vector<float> x(2);
    const auto clipped = [&](float value) {
        return encoder.encode({&value, 1, 1}, {x.data(), 2, 1});
    };
    CHECK(clipped(50.0F + 1.9F * deviation) == 0);
    CHECK(clipped(50.0F + 2.1F * deviation) == 1);
    CHECK(clipped(50.0F - 2.1F * deviation) == 1);
    CHECK(clipped(NAN) == 0);
    CHECK(std::isnan(x[0]));
    CHECK(clipped(INFINITY) == 1);
    CHECK(x == std::vector<float>{1, 1});
}

TEST_CASE("with quantise label entries take as many inputs as features, and the rest rests") {
    Encoder encoder({.kind = EncodingKind::quantise, .bits = 2, .code = LevelCode::binary}, 3, 2);
    OwnedBlock h(3, 2);
    std::ranges::copy(std::vector<float>{1, 0, -5}, h.sample(0).begin());
    std::ranges::copy(std::vector<float>{0, 1, 5}, h.sample(1).begin());
    encoder.fit(h.view());
    OwnedBlock x(8, 2);
    std::ranges::fill(x.view().values(), 9.0F);
    CHECK(encoder.encode(h.view(), x.view()) == 0);
    CHECK(std::ranges::equal(x.sample(0), std::vector<float>{1, 1, 0, 0, 0, 1, 0, 0}));
    CHECK(std::ranges::equal(x.sample(1), std::vector<float>{0, 0, 1, 1, 1, 1, 0, 0}));
}

TEST_CASE("phase reaches from 0 to its range on a rig of phases, whatever drive 0 and 1 mean") {
    constexpr double pi = 3.14159265358979;
    const auto drive = [&](const PhaseRange& rig, double range, float value) {
        Encoder encoder({.kind = EncodingKind::phase, .phase_range = range}, 1, 0,
                        {.inputs = 1, .phase = rig});
        encoder.fit(ramp().view());
        return encode(encoder, value);
    };
    CHECK(drive({0, 2 * pi}, pi, 100.0F).drive == Approx(0.5F));
    CHECK(drive({0, 2 * pi}, pi, 0.0F).drive == 0.0F);
    CHECK(drive({0, 2 * pi}, 2 * pi, 25.0F).drive == Approx(0.25F));
    CHECK(drive({0, pi}, pi, 101.0F).drive == 1.0F);
    CHECK(drive({0, pi}, pi, 101.0F).clipped == 1);
    CHECK(drive({-pi, pi}, pi, 0.0F).drive == Approx(0.5F));
    CHECK(drive({-pi, pi}, pi, 50.0F).drive == Approx(0.75F));
    CHECK(drive({2 * pi, 0}, pi, 100.0F).drive == Approx(0.5F));
    CHECK(drive({2 * pi, 0}, pi, 0.0F).drive == 1.0F);
}

TEST_CASE("a drive is rounded to the levels of its input, labels and rest included") {
    const RigShape rig{.inputs = 4, .levels = {2, 0, 5, 256}};
    Encoder encoder({.kind = EncodingKind::direct}, 3, 1, rig);
    OwnedBlock h(3, 2);
    std::ranges::copy(std::vector<float>{0.7F, 0.7F, 0.7F}, h.sample(0).begin());
    std::ranges::copy(std::vector<float>{0.0F, 0.61F, 1.7F}, h.sample(1).begin());
    OwnedBlock x(4, 2);
    // Rounding is no clipping.
    CHECK(encoder.encode(h.view(), x.view()) == 1);
    CHECK(std::ranges::equal(x.sample(0), std::vector<float>{1.0F, 0.7F, 0.75F, 0.0F}));
    CHECK(std::ranges::equal(x.sample(1), std::vector<float>{0.0F, 0.61F, 1.0F, 0.0F}));
    // What was rounded once stays.
    Encoder fine({.kind = EncodingKind::direct}, 1, 0, {.inputs = 1, .levels = {256}});
    for (int level = 0; level < 256; ++level) {
        const float drive = static_cast<float>(level) / 255.0F;
        CHECK(encode(fine, drive).drive == drive);
    }
}

TEST_CASE("more values than are sorted out at a time are fitted as the same values at once") {
    constexpr std::size_t samples = 3'000'000; // 5 channels at a time
    const auto value = [](std::size_t i, std::size_t c) {
        return static_cast<float>((i * 7919 + c) % 1009);
    };
    const SampleRows wide(7, samples, [&](std::size_t i, std::span<float> into) {
        for (std::size_t c = 0; c < into.size(); ++c) {
            into[c] = value(i, c);
        }
    });
    Encoder all(EncodingKind::minmax, 7, 0);
    all.fit(wide);
    for (const std::size_t c : {std::size_t{0}, std::size_t{4}, std::size_t{5}, std::size_t{6}}) {
        CHECK(all.offset()[c] == 0.0F);
        CHECK(all.scale()[c] == 1008.0F);
    }
}

TEST_CASE("settings of an encoding are read and checked with their field") {
    phyll::v1::Encoding encoding;
    encoding.set_kind("quantise");
    encoding.set_bits(3);
    encoding.set_code("thermometer");
    const EncodingSettings settings = read_encoding("layers[0].encoding", encoding);
    CHECK(settings.kind == EncodingKind::quantise);
    CHECK(settings.bits == 3);
    CHECK(settings.code == LevelCode::thermometer);
    CHECK(settings.inputs_per_channel() == 3);
    encoding.set_bits(0);
    CHECK_THROWS_WITH(read_encoding("layers[0].encoding", encoding),
                      Contains("layers[0].encoding.bits: 0; valid is 1 to 16"));
    encoding.set_bits(2);
    encoding.set_code("grey");
    CHECK_THROWS_WITH(read_encoding("layers[0].encoding", encoding),
                      Contains("layers[0].encoding.code") && Contains("gray"));
    encoding.set_kind("phase");
    encoding.set_phase_range(-1.0);
    CHECK_THROWS_WITH(read_encoding("layers[0].encoding", encoding),
                      Contains("layers[0].encoding.phase_range"));
    encoding.set_kind("direct"); // what means nothing then is not looked at
    CHECK(read_encoding("layers[0].encoding", encoding).inputs_per_channel() == 1);
}

TEST_CASE("an encoding that a rig cannot take is refused with the numbers") {
    const EncodingSettings bits{.kind = EncodingKind::quantise, .bits = 2};
    const RigShape rig{.inputs = 40, .outputs = 20};
    CHECK_NOTHROW(
        check_encoding(bits, "layers[0]", 20, "8 label entries and 12 features", rig, "box"));
    CHECK_THROWS_WITH(
        check_encoding(bits, "layers[0]", 21, "8 label entries and 13 features", rig, "box"),
        "layers[0]: 21 inputs (8 label entries and 13 features), and 2 bits for each make 42, but "
        "rig 'box' has 40; a layer needs a rig with at least as many inputs as itself");
    const EncodingSettings phase{.kind = EncodingKind::phase, .phase_range = 6.2832};
    CHECK_THROWS_WITH(check_encoding(phase, "layers[1]", 20, "", rig, "box"),
                      Contains("layers[1].encoding.kind") && Contains("rad") && Contains("box"));
    RigShape slm = rig;
    slm.phase = PhaseRange{0.0, 3.14159};
    CHECK_THROWS_WITH(check_encoding(phase, "layers[1]", 20, "", slm, "slm"),
                      Contains("layers[1].encoding.phase_range") && Contains("6.2832") &&
                          Contains("reaches 0 to 3.14159 rad"));
    slm.phase = PhaseRange{0.0, 6.283185307};
    CHECK_NOTHROW(check_encoding(phase, "layers[1]", 20, "", slm, "slm"));
}

TEST_CASE("a rig's shape says what its drives can be") {
    LayerSpec spec;
    spec.inputs.resize(2);
    spec.outputs.resize(3);
    spec.response_storage.kind = StorageFormat::Kind::u8;
    CHECK(shape_of(spec).inputs == 2);
    CHECK(shape_of(spec).outputs == 3);
    CHECK(shape_of(spec).response_storage.kind == StorageFormat::Kind::u8);
    CHECK(shape_of(spec).levels.empty());
    CHECK_FALSE(shape_of(spec).phase);
    spec.inputs[1].levels = 256;
    CHECK(shape_of(spec).levels == std::vector<unsigned>{0, 256});
    for (DriveChannel& input : spec.inputs) {
        input.unit = "rad";
        input.at_one = 6.28;
    }
    REQUIRE(shape_of(spec).phase);
    CHECK(shape_of(spec).phase->at_one == 6.28);
    spec.inputs[0].at_one = 3.14;
    CHECK_FALSE(shape_of(spec).phase);
}
