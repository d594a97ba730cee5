#include "drivers/core/kernels/product.hpp"
#include "tests/unit/kernels/support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>

using namespace phyll;
using namespace phyll::kernels;
using test::Matrix;
using Order = Matrix::Order;

namespace {

AlignedFloats packed(const MatrixView& left) {
    AlignedFloats room(phyll_product_packed_floats(left.rows, left.depth));
    const std::size_t wide = phyll_product_panel_rows();
    const std::size_t panels = (left.rows + wide - 1) / wide;
    // In two parts, as two threads would.
    phyll_product_pack(&left, 0, panels / 2, room.data());
    phyll_product_pack(&left, panels / 2, panels - panels / 2, room.data());
    return room;
}

/// c, one right row after the other, with what was there before and must not be touched around it.
std::vector<float> product(const MatrixView& left, const MatrixView& right, const float* bias) {
    constexpr float untouched = 12345.0F;
    const AlignedFloats room = packed(left);
    const std::size_t stride = left.rows + 2;
    std::vector<float> c(stride * right.rows, untouched);
    phyll_product(room.data(), left.rows, &right, bias, c.data(), stride);
    std::vector<float> result;
    for (std::size_t r = 0; r < right.rows; ++r) {
        const auto row = c.begin() + static_cast<std::ptrdiff_t>(r * stride);
        result.insert(result.end(), row, row + static_cast<std::ptrdiff_t>(left.rows));
        REQUIRE(c[r * stride + left.rows] == untouched);
        REQUIRE(c[r * stride + left.rows + 1] == untouched);
    }
    return result;
}

} // namespace

TEST_CASE("a product is what it says, for every layout of its operands") {
    const auto left_order = GENERATE(Order::rows, Order::columns);
    const auto right_order = GENERATE(Order::rows, Order::columns);
    // Below, at and beyond what a tile, a group and a block of the depth hold.
    const auto [rows, columns, depth] = GENERATE(table<std::size_t, std::size_t, std::size_t>(
        {{1, 1, 1}, {5, 3, 7}, {16, 6, 256}, {32, 12, 257}, {33, 13, 40}, {70, 97, 600}}));
    CAPTURE(rows, columns, depth);
    const Matrix left(rows, depth, left_order, "left");
    const Matrix right(columns, depth, right_order, "right");
    const std::vector<float> bias = test::random_numbers(rows, "bias");
    const std::vector<float> with = product(left.view(), right.view(), bias.data());
    const std::vector<float> without = product(left.view(), right.view(), nullptr);
    double worst = 0.0;
    for (std::size_t r = 0; r < columns; ++r) {
        for (std::size_t l = 0; l < rows; ++l) {
            double sum = 0.0;
            for (std::size_t d = 0; d < depth; ++d) {
                sum += static_cast<double>(left.at(l, d)) * static_cast<double>(right.at(r, d));
            }
            const double biased = sum + static_cast<double>(bias[l]);
            worst = std::max(worst, std::abs(static_cast<double>(without[r * rows + l]) - sum));
            worst = std::max(worst, std::abs(static_cast<double>(with[r * rows + l]) - biased));
        }
    }
    REQUIRE(worst < 1e-6 * std::sqrt(static_cast<double>(depth)) * 4);
}

TEST_CASE("an element of a product does not depend on the rows beside it, to the last bit") {
    constexpr std::size_t rows = 75;
    constexpr std::size_t columns = 500;
    constexpr std::size_t depth = 301;
    const auto order = GENERATE(Order::rows, Order::columns);
    const std::size_t batch = GENERATE(1U, 7U, 64U);
    const Matrix left(rows, depth, order, "left");
    const Matrix right(columns, depth, order, "right");
    const std::vector<float> bias = test::random_numbers(rows, "bias");
    const std::vector<float> together = product(left.view(), right.view(), bias.data());
    std::vector<float> apart;
    for (std::size_t first = 0; first < columns; first += batch) {
        const std::vector<float> part =
            product(left.view(), right.slice(first, std::min(batch, columns - first)), bias.data());
        apart.insert(apart.end(), part.begin(), part.end());
    }
    REQUIRE(apart == together);

    // The same for rows of the left operand, in parts that straddle panels.
    const std::size_t cut = GENERATE(1U, 31U, 40U);
    const std::vector<float> upper = product(left.slice(0, cut), right.view(), bias.data());
    const std::vector<float> lower =
        product(left.slice(cut, rows - cut), right.view(), bias.data() + cut);
    for (std::size_t r = 0; r < columns; ++r) {
        for (std::size_t l = 0; l < rows; ++l) {
            const float part = l < cut ? upper[r * cut + l] : lower[r * (rows - cut) + l - cut];
            REQUIRE(part == together[r * rows + l]);
        }
    }
}
