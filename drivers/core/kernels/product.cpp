#include "drivers/core/kernels/product.hpp"

#include "drivers/core/kernels/pack.hpp"
#include "drivers/core/kernels/vector.hpp"

namespace phyll::kernels {
namespace {

// A tile of the result is kept in registers: `tile_vectors` registers of left rows by
// `tile_columns` right rows, as many as leave room for what is loaded.
constexpr std::size_t tile_vectors = 2;
#if defined(__AVX512F__)
constexpr std::size_t tile_columns = 12;
#elif defined(__AVX__)
constexpr std::size_t tile_columns = 6;
#else
constexpr std::size_t tile_columns = 4;
#endif
constexpr std::size_t tile_rows = tile_vectors * lanes;

/// Steps of the depth between two visits to memory; part of what the result is.
constexpr std::size_t depth_block = 256;
/// Right rows that are packed together: what the second-level cache holds beside a left panel.
constexpr std::size_t group_columns = 48;
static_assert(group_columns % tile_columns == 0);
/// Steps of the left operand that are packed before the next panel's turn.
constexpr std::size_t pack_strip = 32;

struct Tile {
    Floats sum[tile_columns][tile_vectors];
};

[[gnu::always_inline]] inline void accumulate(const float* left, const float* right,
                                              std::size_t depth, Tile& tile) {
    Floats sum[tile_columns][tile_vectors] = {};
    for (std::size_t d = 0; d < depth; ++d) {
        Floats row[tile_vectors];
#pragma GCC unroll 2
        for (std::size_t v = 0; v < tile_vectors; ++v) {
            row[v] = load(left + v * lanes);
        }
#pragma GCC unroll 12
        for (std::size_t c = 0; c < tile_columns; ++c) {
#pragma GCC unroll 2
            for (std::size_t v = 0; v < tile_vectors; ++v) {
                sum[c][v] += row[v] * right[c];
            }
        }
        left += tile_rows;
        right += tile_columns;
    }
#pragma GCC unroll 12
    for (std::size_t c = 0; c < tile_columns; ++c) {
#pragma GCC unroll 2
        for (std::size_t v = 0; v < tile_vectors; ++v) {
            tile.sum[c][v] = sum[c][v];
        }
    }
}

/// Adds the valid part of a tile to what is there: the bias before the first block of the depth,
/// the result so far before the others.
[[gnu::always_inline]] inline void merge(const Tile& tile, std::size_t rows, std::size_t columns,
                                         bool first, const float* bias, float* c,
                                         std::size_t c_stride) {
    for (std::size_t r = 0; r < columns; ++r) {
        for (std::size_t v = 0; v < tile_vectors && v * lanes < rows; ++v) {
            const std::size_t count = rows - v * lanes;
            float* place = c + r * c_stride + v * lanes;
            Floats before{};
            if (!first) {
                before = load_some(place, count);
            } else if (bias != nullptr) {
                before = load_some(bias + v * lanes, count);
            }
            store_some(before + tile.sum[r][v], place, count);
        }
    }
}

} // namespace

std::size_t phyll_product_panel_rows() {
    return tile_rows;
}

std::size_t phyll_product_packed_floats(std::size_t rows, std::size_t depth) {
    return divide_up(rows, tile_rows) * tile_rows * depth;
}

void phyll_product_pack(const MatrixView* left, std::size_t first, std::size_t count,
                        float* packed) {
    // Memory is read in its own order: strips of the depth where that is the way it lies.
    const std::size_t strip = left->row_stride == 1 ? pack_strip : left->depth;
    for (std::size_t d = 0; d < left->depth; d += strip) {
        const std::size_t depth = smaller(strip, left->depth - d);
        for (std::size_t panel = first; panel < first + count; ++panel) {
            pack_panel<tile_rows>(*left, {panel * tile_rows, d, depth, tile_rows},
                                  packed + (panel * left->depth + d) * tile_rows);
        }
    }
}

void phyll_product(const float* packed, std::size_t rows, const MatrixView* right,
                   const float* bias, float* c, std::size_t c_stride) {
    alignas(64) float group[group_columns * depth_block];
    for (std::size_t column = 0; column < right->rows; column += group_columns) {
        const std::size_t columns = smaller(group_columns, right->rows - column);
        for (std::size_t d = 0; d < right->depth; d += depth_block) {
            const std::size_t depth = smaller(depth_block, right->depth - d);
            for (std::size_t k = 0; k < columns; k += tile_columns) {
                pack_panel<tile_columns>(*right, {column + k, d, depth, tile_columns},
                                         group + k * depth);
            }
            for (std::size_t row = 0; row < rows; row += tile_rows) {
                const float* left = packed + row * right->depth + d * tile_rows;
                for (std::size_t k = 0; k < columns; k += tile_columns) {
                    Tile tile;
                    accumulate(left, group + k * depth, depth, tile);
                    merge(tile, rows - row, smaller(tile_columns, columns - k), d == 0,
                          bias == nullptr ? nullptr : bias + row, c + (column + k) * c_stride + row,
                          c_stride);
                }
            }
        }
    }
}

} // namespace phyll::kernels
