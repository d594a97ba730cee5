#pragma once

// How operands are laid out for the inner loops: in panels of a few rows, step after step of the
// depth, a partial panel filled up with zeros. Internal to the kernels.

#include "drivers/core/kernels/matrix_view.hpp"

namespace phyll::kernels {

[[gnu::always_inline]] inline std::size_t divide_up(std::size_t a, std::size_t b) {
    return (a + b - 1) / b;
}

[[gnu::always_inline]] inline std::size_t smaller(std::size_t a, std::size_t b) {
    return a < b ? a : b;
}

/// A part of a matrix that becomes a panel: rows from `first_row` on, `depth` steps from
/// `first_depth` on. Row i at step d goes to panel[d * step + i].
struct PanelPlace {
    std::size_t first_row;
    std::size_t first_depth;
    std::size_t depth;
    std::size_t step;
};

/// Four rows at a time are turned in registers.
[[gnu::always_inline]] inline void pack_four_rows(const float* rows, std::size_t row_stride,
                                                  std::size_t depth, std::size_t step,
                                                  float* panel) {
    using Quad [[gnu::vector_size(16)]] = float;
    std::size_t d = 0;
    for (; d + 4 <= depth; d += 4) {
        Quad a;
        Quad b;
        Quad c;
        Quad e;
        __builtin_memcpy(&a, rows + d, sizeof a);
        __builtin_memcpy(&b, rows + row_stride + d, sizeof b);
        __builtin_memcpy(&c, rows + 2 * row_stride + d, sizeof c);
        __builtin_memcpy(&e, rows + 3 * row_stride + d, sizeof e);
        const Quad ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
        const Quad ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
        const Quad ce_low = __builtin_shufflevector(c, e, 0, 4, 1, 5);
        const Quad ce_high = __builtin_shufflevector(c, e, 2, 6, 3, 7);
        const Quad turned[4] = {__builtin_shufflevector(ab_low, ce_low, 0, 1, 4, 5),
                                __builtin_shufflevector(ab_low, ce_low, 2, 3, 6, 7),
                                __builtin_shufflevector(ab_high, ce_high, 0, 1, 4, 5),
                                __builtin_shufflevector(ab_high, ce_high, 2, 3, 6, 7)};
        for (std::size_t i = 0; i < 4; ++i) {
            __builtin_memcpy(panel + (d + i) * step, &turned[i], sizeof(Quad));
        }
    }
    for (; d < depth; ++d) {
        for (std::size_t i = 0; i < 4; ++i) {
            panel[d * step + i] = rows[i * row_stride + d];
        }
    }
}

template <std::size_t width>
void pack_panel(const MatrixView& from, const PanelPlace& place, float* panel) {
    const std::size_t rows =
        place.first_row < from.rows ? smaller(width, from.rows - place.first_row) : 0;
    const float* corner =
        from.data + place.first_row * from.row_stride + place.first_depth * from.depth_stride;
    std::size_t row = 0;
    if (from.row_stride == 1) {
        if (rows == width) {
            for (std::size_t d = 0; d < place.depth; ++d) {
                __builtin_memcpy(panel + d * place.step, corner + d * from.depth_stride,
                                 width * sizeof(float));
            }
            return;
        }
        for (std::size_t d = 0; d < place.depth; ++d) {
            __builtin_memcpy(panel + d * place.step, corner + d * from.depth_stride,
                             rows * sizeof(float));
        }
        row = rows;
    }
    for (; row + 4 <= rows; row += 4) {
        pack_four_rows(corner + row * from.row_stride, from.row_stride, place.depth, place.step,
                       panel + row);
    }
    for (; row < rows; ++row) {
        for (std::size_t d = 0; d < place.depth; ++d) {
            panel[d * place.step + row] = corner[row * from.row_stride + d];
        }
    }
    for (; row < width; ++row) {
        for (std::size_t d = 0; d < place.depth; ++d) {
            panel[d * place.step + row] = 0.0F;
        }
    }
}

} // namespace phyll::kernels
