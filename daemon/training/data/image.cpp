#include "daemon/training/data/image.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

namespace phyll::training {
namespace {

/// Fills row `to` with row `from` moved to the right; the two may be one.
void shift_row(std::span<const float> from, std::ptrdiff_t right, std::span<float> to) {
    const auto width = static_cast<std::ptrdiff_t>(from.size());
    const std::ptrdiff_t gap = std::clamp(right, -width, width);
    if (gap >= 0) {
        std::copy_backward(from.begin(), from.end() - gap, to.end());
        std::fill(to.begin(), to.begin() + gap, 0.0F);
    } else {
        std::copy(from.begin() - gap, from.end(), to.begin());
        std::fill(to.end() + gap, to.end(), 0.0F);
    }
}

/// The image at a place between its pixels, which have whole coordinates.
double between_pixels(const ImageShape& shape, std::span<const float> image, double row,
                      double column) {
    const auto height = static_cast<double>(shape.height);
    const auto width = static_cast<double>(shape.width);
    const bool near = row > -1.0 && row < height && column > -1.0 && column < width;
    if (!near) {
        return 0.0;
    }
    const double top = std::floor(row);
    const double left = std::floor(column);
    const auto pixel = [&](double r, double c) {
        const bool inside = r >= 0.0 && r < height && c >= 0.0 && c < width;
        return inside ? static_cast<double>(image[static_cast<std::size_t>(r) * shape.width +
                                                  static_cast<std::size_t>(c)])
                      : 0.0;
    };
    const double below = row - top;
    const double beside = column - left;
    return (1.0 - below) * ((1.0 - beside) * pixel(top, left) + beside * pixel(top, left + 1.0)) +
           below *
               ((1.0 - beside) * pixel(top + 1.0, left) + beside * pixel(top + 1.0, left + 1.0));
}

} // namespace

void shift_image(const ImageShape& shape, const Shift& shift, std::span<float> image) {
    assert(image.size() == shape.pixels());
    const auto height = static_cast<std::ptrdiff_t>(shape.height);
    const auto row_at = [&](std::ptrdiff_t row) {
        return image.subspan(static_cast<std::size_t>(row) * shape.width, shape.width);
    };
    for (std::ptrdiff_t i = 0; i < height; ++i) {
        // Those rows first that no other one still needs.
        const std::ptrdiff_t row = shift.down > 0 ? height - 1 - i : i;
        const bool comes_in = shift.down > row || shift.down <= row - height;
        if (comes_in) {
            std::ranges::fill(row_at(row), 0.0F);
        } else {
            shift_row(row_at(row - shift.down), shift.right, row_at(row));
        }
    }
}

void warp_image(const ImageShape& shape, const Warp& warp, std::span<const float> from,
                std::span<float> into) {
    assert(from.size() == shape.pixels() && into.size() == shape.pixels() && warp.scale > 0.0);
    const double angle = warp.degrees * std::numbers::pi / 180.0;
    const double cosine = std::cos(angle) / warp.scale;
    const double sine = std::sin(angle) / warp.scale;
    const double middle_row = (static_cast<double>(shape.height) - 1.0) / 2.0;
    const double middle_column = (static_cast<double>(shape.width) - 1.0) / 2.0;
    for (std::size_t r = 0; r < shape.height; ++r) {
        for (std::size_t c = 0; c < shape.width; ++c) {
            // Where the pixel comes from: everything undone, in the opposite order.
            const double down = static_cast<double>(r) - warp.down - middle_row;
            const double right = static_cast<double>(c) - warp.right - middle_column;
            into[r * shape.width + c] = static_cast<float>(
                between_pixels(shape, from, middle_row + cosine * down + sine * right,
                               middle_column + cosine * right - sine * down));
        }
    }
}

} // namespace phyll::training
