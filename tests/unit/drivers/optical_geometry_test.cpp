#include "drivers/core/error.hpp"
#include "drivers/rigs/optical/geometry.hpp"
#include "drivers/rigs/optical/posed.hpp"

#include <catch2/catch.hpp>

#include <array>

using namespace phyll;
using namespace phyll::rigs;
using Catch::Contains;

namespace {

constexpr instruments::Slm::Size display{.width = 5, .height = 4};
const PictureGeometry two_by_one = PictureGeometry{.columns = 2, .rows = 1}.on(display);

} // namespace

TEST_CASE("pixels are as large as fit, in the middle, unless somebody says where") {
    REQUIRE(two_by_one.side == 2);
    REQUIRE(two_by_one.left == 0U);
    REQUIRE(two_by_one.top == 1U);
    const PictureGeometry placed =
        PictureGeometry{.columns = 2, .rows = 1, .side = 1, .left = 3, .top = 3}.on(display);
    REQUIRE(placed.left == 3U);
    REQUIRE(placed.top == 3U);
    REQUIRE_THROWS_WITH(
        (PictureGeometry{.columns = 2, .rows = 1, .side = 1, .left = 4}.on(display)),
        Contains("from (4, ") && Contains("do not fit on a display of 5 x 4"));
    REQUIRE_THROWS_WITH((PictureGeometry{.columns = 6, .rows = 1}.on(display)),
                        Contains("do not fit"));
}

TEST_CASE("drives are levels of squares, and the rest is dark") {
    constexpr std::array drives{1.0F, 0.5F};
    const Picture expected{0,   0,   0,   0,   0, //
                           255, 255, 128, 128, 0, //
                           255, 255, 128, 128, 0, //
                           0,   0,   0,   0,   0};
    REQUIRE(picture_of(std::span<const float>(drives), two_by_one, display) == expected);
}

TEST_CASE("a pose is one pixel, a checker, nothing, or levels of the whole display") {
    const auto posed = [](const Pose& pose) { return picture_of(pose, two_by_one, display); };
    constexpr std::array second{0.0F, 1.0F};
    constexpr std::array first{1.0F, 0.0F};
    REQUIRE(posed(ChannelDrive{.channel = 1, .drive = 1.0}) ==
            picture_of(std::span<const float>(second), two_by_one, display));
    REQUIRE(posed(NamedPattern{"checker"}) ==
            picture_of(std::span<const float>(first), two_by_one, display));
    REQUIRE(posed(NamedPattern{"blank"}) == Picture(20, 0));
    const Picture levels(20, 9);
    REQUIRE(posed(WholePicture{.size = display, .levels = levels}) == levels);

    REQUIRE_THROWS_WITH(posed(ChannelDrive{.channel = 2, .drive = 1.0}), Contains("0 to 1"));
    REQUIRE_THROWS_WITH(posed(ChannelDrive{.channel = 0, .drive = -0.1}), Contains("drive: -0.1"));
    REQUIRE_THROWS_WITH(posed(NamedPattern{"x"}), Contains("valid are checker and blank"));
    REQUIRE_THROWS_WITH(posed(WholePicture{.size = {.width = 4, .height = 5}, .levels = levels}),
                        Contains("4 x 5 pixels; the display has 5 x 4"));
    REQUIRE_THROWS_WITH(posed(WholePicture{.size = display, .levels = Picture(19, 0)}),
                        Contains("19 for 20 pixels"));
}

TEST_CASE("a super-pixel is the mean of its square") {
    const instruments::Frame frame{
        .width = 4, .height = 2, .bits = 8, .counts = {1, 2, 10, 20, 3, 4, 30, 40}};
    std::array<float, 2> outputs{};
    read_super_pixels(frame, {.outputs = 2, .columns = 2, .side = 2}, outputs);
    REQUIRE(outputs == std::array{2.5F, 25.0F});
}

TEST_CASE("speckles correlate fully with themselves, and not at all where one does not vary") {
    constexpr std::array a{1.0F, 2.0F, 4.0F};
    constexpr std::array twice{2.0F, 4.0F, 8.0F};
    constexpr std::array turned{-1.0F, -2.0F, -4.0F};
    constexpr std::array flat{3.0F, 3.0F, 3.0F};
    REQUIRE(correlation(a, twice) == Approx(1.0));
    REQUIRE(correlation(a, turned) == Approx(-1.0));
    REQUIRE(correlation(a, flat) == 0.0);
}
