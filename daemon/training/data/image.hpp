#pragma once

#include <cstddef>
#include <span>

namespace phyll::training {

/// Images whose pixels are the features of a sample: row after row, the top row first.
struct ImageShape {
    std::size_t height = 0;
    std::size_t width = 0;

    [[nodiscard]] std::size_t pixels() const noexcept { return height * width; }
    bool operator==(const ImageShape&) const = default;
};

/// By how many whole pixels what an image shows is moved; negative is up and to the left.
struct Shift {
    std::ptrdiff_t down = 0;
    std::ptrdiff_t right = 0;

    bool operator==(const Shift&) const = default;
};

/// Moves an image of that shape where it is. What comes in from outside is 0.
void shift_image(const ImageShape& shape, const Shift& shift, std::span<float> image);

/// What an image shows is made larger by `scale`, then turned, both about the image's middle, then
/// moved. The default changes nothing.
struct Warp {
    double down = 0.0;    ///< pixels
    double right = 0.0;   ///< pixels
    double degrees = 0.0; ///< counter-clockwise, for somebody who sees the top row at the top
    double scale = 1.0;   ///< above 0

    bool operator==(const Warp&) const = default;
};

/// Fills `into` with the warped image `from`; both have the shape's pixels and do not overlap. A
/// pixel becomes the bilinear mean of the four around the place that it comes from, those outside
/// being 0.
void warp_image(const ImageShape& shape, const Warp& warp, std::span<const float> from,
                std::span<float> into);

} // namespace phyll::training
