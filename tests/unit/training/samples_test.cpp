#include "daemon/training/data/samples.hpp"
#include "daemon/training/sample_rows.hpp"
#include "drivers/core/error.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <vector>

using namespace phyll;
using namespace phyll::training;
using Catch::Matchers::Contains;

namespace {

std::shared_ptr<const ByteSource> bytes(std::initializer_list<unsigned char> values) {
    std::vector<std::byte> content;
    for (const unsigned char value : values) {
        content.push_back(std::byte{value});
    }
    return std::make_shared<MemoryBytes>(std::move(content));
}

constexpr StorageFormat halves{.kind = StorageFormat::Kind::u8, .scale = 0.5};

} // namespace

TEST_CASE("samples of bytes are float when they are asked for") {
    const Samples samples(bytes({9, 9, 0, 1, 2, 3, 4, 255}), 2, halves, 3, 2);
    REQUIRE(samples.features() == 3);
    REQUIRE(samples.samples() == 2);
    CHECK(samples.sample(0) == std::vector<float>{0.0F, 0.5F, 1.0F});
    CHECK(samples.sample(1) == std::vector<float>{1.5F, 2.0F, 127.5F});
    CHECK_THROWS_WITH(Samples(bytes({1, 2, 3}), 1, halves, 3, 1), Contains("3 bytes from byte 1"));
}

TEST_CASE("samples of several origins follow each other") {
    OwnedBlock block(2, 2);
    std::ranges::copy(std::vector<float>{-1, -2, -3, -4}, block.view().values().begin());
    const Samples floats(std::move(block));
    const Samples stored(bytes({2, 4}), 0, halves, 2, 1);
    const Samples all = floats.followed_by(stored).followed_by(floats);
    REQUIRE(all.samples() == 5);
    CHECK(all.sample(1) == std::vector<float>{-3, -4});
    CHECK(all.sample(2) == std::vector<float>{1, 2});
    CHECK(all.sample(3) == std::vector<float>{-1, -2});
    CHECK(all.sample(4) == std::vector<float>{-3, -4});
    CHECK(floats.samples() == 2);
}

TEST_CASE("samples are computed when they are asked for, beside others that are kept") {
    const Samples stored(bytes({2, 4}), 0, halves, 2, 1);
    std::size_t asked = 0;
    const Samples computed(2, 3, [&asked](std::size_t sample, std::span<float> into) {
        ++asked;
        std::ranges::fill(into, static_cast<float>(sample));
    });
    const Samples all = stored.followed_by(computed).followed_by(stored);
    REQUIRE(all.samples() == 5);
    CHECK(asked == 0);
    CHECK(all.sample(1) == std::vector<float>{0, 0});
    CHECK(all.sample(3) == std::vector<float>{2, 2});
    CHECK(all.sample(4) == std::vector<float>{1, 2});
    CHECK(asked == 2);
}

TEST_CASE("samples say whether they are images, and so do those that follow them") {
    Samples images(bytes({1, 2, 3, 4, 5, 6}), 0, halves, 6, 1);
    CHECK_FALSE(images.image());
    images.set_image({.height = 2, .width = 3});
    CHECK(images.image() == ImageShape{.height = 2, .width = 3});
    const Samples plain(bytes({1, 2, 3, 4, 5, 6}), 0, halves, 6, 1);
    CHECK(images.followed_by(plain).image() == images.image());
    CHECK_FALSE(plain.followed_by(images).image());
}

TEST_CASE("rows are read by number, in slices, and gathered") {
    const SampleRows squares(2, 10, [](std::size_t i, std::span<float> into) {
        into[0] = static_cast<float>(i);
        into[1] = static_cast<float>(i * i);
    });
    OwnedBlock some(2, 3);
    squares.slice(4, 5).gather(2, some.view());
    CHECK(std::ranges::equal(some.view().values(), std::vector<float>{6, 36, 7, 49, 8, 64}));
    OwnedBlock again(2, 2);
    SampleRows(some.view()).gather(1, again.view());
    CHECK(std::ranges::equal(again.view().values(), std::vector<float>{7, 49, 8, 64}));
}
