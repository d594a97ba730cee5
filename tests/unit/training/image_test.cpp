// Images that are moved and warped.
#include "daemon/training/data/image.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <vector>

using namespace phyll::training;

namespace {

using Pixels = std::vector<float>;

Pixels moved(const ImageShape& shape, const Shift& shift, Pixels image) {
    shift_image(shape, shift, image);
    return image;
}

Pixels warped(const ImageShape& shape, const Warp& warp, const Pixels& image) {
    Pixels out(image.size(), -1.0F);
    warp_image(shape, warp, image, out);
    return out;
}

bool nearly(const Pixels& a, const Pixels& b) {
    return std::ranges::equal(
        a, b, [](float x, float y) { return Approx(x).margin(1e-5) == static_cast<double>(y); });
}

constexpr ImageShape three_by_four{.height = 3, .width = 4};
const Pixels counted{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

} // namespace

TEST_CASE("an image is moved by whole pixels, and zeros come in") {
    const auto after = [](std::ptrdiff_t down, std::ptrdiff_t right) {
        return moved(three_by_four, {.down = down, .right = right}, counted);
    };
    CHECK(after(0, 0) == counted);
    CHECK(after(1, 0) == Pixels{0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8});
    CHECK(after(-1, 0) == Pixels{5, 6, 7, 8, 9, 10, 11, 12, 0, 0, 0, 0});
    CHECK(after(0, 1) == Pixels{0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11});
    CHECK(after(0, -3) == Pixels{4, 0, 0, 0, 8, 0, 0, 0, 12, 0, 0, 0});
    CHECK(after(2, -1) == Pixels{0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 4, 0});
    CHECK(after(-1, 2) == Pixels{0, 0, 5, 6, 0, 0, 9, 10, 0, 0, 0, 0});
    for (const std::ptrdiff_t far : {3, 4, 100}) {
        CHECK(after(far, 0) == Pixels(12));
        CHECK(after(-far, 0) == Pixels(12));
        CHECK((far == 3 || after(0, far) == Pixels(12)));
        CHECK((far == 3 || after(0, -far) == Pixels(12)));
    }
}

TEST_CASE("a warp by whole pixels is a shift, one by nothing changes no bit") {
    CHECK(warped(three_by_four, {}, counted) == counted);
    for (std::ptrdiff_t down = -3; down <= 3; ++down) {
        for (std::ptrdiff_t right = -4; right <= 4; ++right) {
            const Warp warp{.down = static_cast<double>(down), .right = static_cast<double>(right)};
            CHECK(warped(three_by_four, warp, counted) ==
                  moved(three_by_four, {.down = down, .right = right}, counted));
        }
    }
}

TEST_CASE("a quarter turn puts every pixel where it belongs") {
    const ImageShape square{.height = 3, .width = 3};
    const Pixels image{1, 2, 3, 4, 5, 6, 7, 8, 9};
    CHECK(nearly(warped(square, {.degrees = 90}, image), {3, 6, 9, 2, 5, 8, 1, 4, 7}));
    CHECK(nearly(warped(square, {.degrees = -90}, image), {7, 4, 1, 8, 5, 2, 9, 6, 3}));
    CHECK(nearly(warped(square, {.degrees = 180}, image), {9, 8, 7, 6, 5, 4, 3, 2, 1}));
    CHECK(nearly(warped(square, {.degrees = 360}, image), image));
    // Turned first, then moved.
    CHECK(nearly(warped(square, {.down = 1, .degrees = 90}, image), {0, 0, 0, 3, 6, 9, 2, 5, 8}));
    // About the middle of an image that is no square: its corners leave it.
    CHECK(nearly(warped(three_by_four, {.degrees = 180}, counted),
                 {12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}));
}

TEST_CASE("between pixels and in another size an image is interpolated") {
    const ImageShape line{.height = 1, .width = 4};
    CHECK(nearly(warped(line, {.right = 0.5}, {0, 4, 0, 0}), {0, 2, 2, 0}));
    CHECK(nearly(warped(line, {.right = -0.25}, {0, 4, 0, 0}), {1, 3, 0, 0}));
    // What moves out is lost, what moves in is 0.
    CHECK(nearly(warped(line, {.right = 0.5}, {4, 0, 0, 4}), {2, 2, 0, 2}));
    const ImageShape square{.height = 3, .width = 3};
    const Pixels dot{0, 0, 0, 0, 4, 0, 0, 0, 0};
    CHECK(nearly(warped(square, {.scale = 2}, dot), {1, 2, 1, 2, 4, 2, 1, 2, 1}));
    const Pixels cross{0, 1, 0, 1, 1, 1, 0, 1, 0};
    CHECK(
        nearly(warped({.height = 5, .width = 5}, {.scale = 0.5},
                      {0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0}),
               {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}));
    CHECK(nearly(warped(square, {.scale = 1}, cross), cross));
}
