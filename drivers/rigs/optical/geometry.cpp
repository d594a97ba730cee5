#include "drivers/rigs/optical/geometry.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace phyll::rigs {
namespace {

constexpr float highest_level = 255.0F;

} // namespace

PictureGeometry PictureGeometry::on(const instruments::Slm::Size& display) const {
    PictureGeometry fitted = *this;
    if (fitted.side == 0) {
        fitted.side =
            std::max<std::size_t>(1, std::min(display.width / columns, display.height / rows));
    }
    const std::size_t width = columns * fitted.side;
    const std::size_t height = rows * fitted.side;
    const auto middle = [](std::size_t whole, std::size_t part) {
        return whole > part ? (whole - part) / 2 : 0;
    };
    fitted.left = left.value_or(middle(display.width, width));
    fitted.top = top.value_or(middle(display.height, height));
    if (*fitted.left + width > display.width || *fitted.top + height > display.height) {
        throw Error(Code::failed_precondition,
                    fmt::format("{} x {} pixels of {} each, from ({}, {}) on, do not fit on a "
                                "display of {} x {}",
                                columns, rows, fitted.side, *fitted.left, *fitted.top,
                                display.width, display.height));
    }
    return fitted;
}

Picture picture_of(std::span<const float> drives, const PictureGeometry& geometry,
                   const instruments::Slm::Size& display) {
    Picture picture(display.pixels(), 0);
    for (std::size_t row = 0; row < geometry.rows; ++row) {
        auto* const first =
            picture.data() + (*geometry.top + row * geometry.side) * display.width + *geometry.left;
        auto* place = first;
        for (std::size_t column = 0; column < geometry.columns; ++column) {
            const float drive = drives[row * geometry.columns + column];
            const auto level = static_cast<std::uint8_t>(std::lround(drive * highest_level));
            place = std::fill_n(place, geometry.side, level);
        }
        for (std::size_t copy = 1; copy < geometry.side; ++copy) {
            std::copy(first, place, first + copy * display.width);
        }
    }
    return picture;
}

void read_super_pixels(const instruments::Frame& frame, const FrameGeometry& geometry,
                       std::span<float> outputs) {
    const auto share = static_cast<float>(geometry.side * geometry.side);
    for (std::size_t k = 0; k < outputs.size(); ++k) {
        const std::size_t x = k % geometry.columns * geometry.side;
        const std::size_t y = k / geometry.columns * geometry.side;
        std::uint32_t sum = 0;
        for (std::size_t row = y; row < y + geometry.side; ++row) {
            for (std::size_t column = x; column < x + geometry.side; ++column) {
                sum += frame.counts[row * frame.width + column];
            }
        }
        outputs[k] = static_cast<float>(sum) / share;
    }
}

double mean_of(std::span<const float> speckle) {
    double sum = 0.0;
    for (const float count : speckle) {
        sum += count;
    }
    return speckle.empty() ? 0.0 : sum / static_cast<double>(speckle.size());
}

double distance(std::span<const float> a, std::span<const float> b) {
    double squares = 0.0;
    for (std::size_t k = 0; k < a.size(); ++k) {
        squares += std::pow(static_cast<double>(a[k]) - b[k], 2);
    }
    return std::sqrt(squares / static_cast<double>(a.size()));
}

double correlation(std::span<const float> a, std::span<const float> b) {
    const double mean_a = mean_of(a);
    const double mean_b = mean_of(b);
    double products = 0.0;
    double squares_a = 0.0;
    double squares_b = 0.0;
    for (std::size_t k = 0; k < a.size(); ++k) {
        const double p = a[k] - mean_a;
        const double q = b[k] - mean_b;
        products += p * q;
        squares_a += p * p;
        squares_b += q * q;
    }
    const double scale = std::sqrt(squares_a * squares_b);
    return scale > 0.0 ? products / scale : 0.0;
}

} // namespace phyll::rigs
