#include "drivers/core/kernels/complex_product.hpp"

#include "drivers/core/kernels/pack.hpp"
#include "drivers/core/kernels/vector.hpp"

namespace phyll::kernels {
namespace {

// A tile of E in registers: one register of rows by `tile_columns` samples, real and imaginary.
#if defined(__AVX512F__)
constexpr std::size_t tile_columns = 8;
#elif defined(__AVX__)
constexpr std::size_t tile_columns = 6;
#else
constexpr std::size_t tile_columns = 4;
#endif
constexpr std::size_t tile_rows = lanes;
/// Floats of a panel of T per step: real parts of its rows, then imaginary ones.
constexpr std::size_t left_step = 2 * tile_rows;

/// Samples that are packed together, about 64.
constexpr std::size_t group_columns = (64 + tile_columns - 1) / tile_columns * tile_columns;

struct Tile {
    Floats real[tile_columns];
    Floats imaginary[tile_columns];
};

/// Floats of a panel of s per step: real parts, then, if there are any, imaginary ones.
template <bool complex>
constexpr std::size_t right_step = (complex ? 2 : 1) * tile_columns;

template <bool complex>
[[gnu::always_inline]] inline void accumulate(const float* left, const float* right,
                                              std::size_t depth, Tile& tile) {
    Floats real[tile_columns] = {};
    Floats imaginary[tile_columns] = {};
    for (std::size_t d = 0; d < depth; ++d) {
        const Floats a = load(left);
        const Floats b = load(left + tile_rows);
#pragma GCC unroll 12
        for (std::size_t c = 0; c < tile_columns; ++c) {
            real[c] += a * right[c];
            imaginary[c] += b * right[c];
        }
        if constexpr (complex) {
#pragma GCC unroll 12
            for (std::size_t c = 0; c < tile_columns; ++c) {
                real[c] -= b * right[tile_columns + c];
                imaginary[c] += a * right[tile_columns + c];
            }
        }
        left += left_step;
        right += right_step<complex>;
    }
#pragma GCC unroll 12
    for (std::size_t c = 0; c < tile_columns; ++c) {
        tile.real[c] = real[c];
        tile.imaginary[c] = imaginary[c];
    }
}

/// The samples [first, first + columns) of s in panels.
template <bool complex>
void pack_samples(const MatrixView& real, const MatrixView* imaginary, std::size_t first,
                  std::size_t columns, float* group) {
    const std::size_t panel = right_step<complex> * real.depth;
    for (std::size_t k = 0; k < columns; k += tile_columns) {
        const PanelPlace place{first + k, 0, real.depth, right_step<complex>};
        float* to = group + k / tile_columns * panel;
        pack_panel<tile_columns>(real, place, to);
        if constexpr (complex) {
            pack_panel<tile_columns>(*imaginary, place, to + tile_columns);
        }
    }
}

/// Calls take(tile, row, column, columns, grain) for every tile of E.
template <bool complex, class Take>
[[gnu::always_inline]] inline void
for_each_tile(const float* packed, std::size_t grains, std::size_t rows, const MatrixView& real,
              const MatrixView* imaginary, float* scratch, const Take& take) {
    const std::size_t depth = real.depth;
    for (std::size_t column = 0; column < real.rows; column += group_columns) {
        const std::size_t columns = smaller(group_columns, real.rows - column);
        pack_samples<complex>(real, imaginary, column, columns, scratch);
        const float* left = packed;
        for (std::size_t row = 0; row < rows; row += tile_rows) {
            for (std::size_t grain = 0; grain < grains; ++grain, left += left_step * depth) {
                for (std::size_t k = 0; k < columns; k += tile_columns) {
                    Tile tile;
                    accumulate<complex>(left, scratch + k * (complex ? 2 : 1) * depth, depth, tile);
                    take(tile, row, column + k, smaller(tile_columns, columns - k), grain);
                }
            }
        }
    }
}

template <bool complex>
void multiply(const float* packed, std::size_t rows, const MatrixView& s_real,
              const MatrixView* s_imaginary, float* real, float* imaginary, std::size_t stride,
              float* scratch) {
    for_each_tile<complex>(packed, 1, rows, s_real, s_imaginary, scratch,
                           [&](const Tile& tile, std::size_t row, std::size_t column,
                               std::size_t columns, std::size_t) {
                               for (std::size_t c = 0; c < columns; ++c) {
                                   const std::size_t place = (column + c) * stride + row;
                                   store_some(tile.real[c], real + place, rows - row);
                                   store_some(tile.imaginary[c], imaginary + place, rows - row);
                               }
                           });
}

template <bool complex>
void detect(const float* packed, std::size_t grains, std::size_t rows, const MatrixView& s_real,
            const MatrixView* s_imaginary, float scale, float* intensity, std::size_t stride,
            float* scratch) {
    for_each_tile<complex>(
        packed, grains, rows, s_real, s_imaginary, scratch,
        [&](const Tile& tile, std::size_t row, std::size_t column, std::size_t columns,
            std::size_t grain) {
            for (std::size_t c = 0; c < columns; ++c) {
                float* place = intensity + (column + c) * stride + row;
                Floats sum = tile.real[c] * tile.real[c] + tile.imaginary[c] * tile.imaginary[c];
                if (grain > 0) {
                    sum += load_some(place, rows - row);
                }
                store_some(grain + 1 == grains ? scale * sum : sum, place, rows - row);
            }
        });
}

} // namespace

std::size_t phyll_complex_panel_rows() {
    return tile_rows;
}

std::size_t phyll_complex_panel_floats(std::size_t depth) {
    return left_step * depth;
}

void phyll_complex_pack(const MatrixView* real, const MatrixView* imaginary, float* panel) {
    const PanelPlace place{0, 0, real->depth, left_step};
    pack_panel<tile_rows>(*real, place, panel);
    pack_panel<tile_rows>(*imaginary, place, panel + tile_rows);
}

std::size_t phyll_complex_scratch_floats(std::size_t depth) {
    return right_step<true> * (group_columns / tile_columns) * depth;
}

void phyll_complex_product(const float* packed, std::size_t rows, const MatrixView* s_real,
                           const MatrixView* s_imaginary, float* real, float* imaginary,
                           std::size_t stride, float* scratch) {
    if (s_imaginary == nullptr) {
        multiply<false>(packed, rows, *s_real, nullptr, real, imaginary, stride, scratch);
    } else {
        multiply<true>(packed, rows, *s_real, s_imaginary, real, imaginary, stride, scratch);
    }
}

void phyll_complex_intensity(const float* packed, std::size_t grains, std::size_t rows,
                             const MatrixView* s_real, const MatrixView* s_imaginary, float scale,
                             float* intensity, std::size_t stride, float* scratch) {
    if (s_imaginary == nullptr) {
        detect<false>(packed, grains, rows, *s_real, nullptr, scale, intensity, stride, scratch);
    } else {
        detect<true>(packed, grains, rows, *s_real, s_imaginary, scale, intensity, stride, scratch);
    }
}

} // namespace phyll::kernels
