#pragma once

#include "drivers/core/kernels/level.hpp"
#include "drivers/core/kernels/matrix_view.hpp"

// Real matrix products. A product has a left operand, packed once and then shared, and a right one
// that is read as it is. What layers need is of this form (W is outputs x inputs with each output's
// weights consecutive, y is inputs x samples and z outputs x samples with each sample consecutive):
//
//   map          z = W y + b     left: W, outputs by inputs    right: y, samples by inputs
//   gradient     dW = dz y^T     left: y, inputs by samples    right: dz, outputs by samples
//   backwards    dy = W^T dz     left: W, inputs by outputs    right: dz, samples by outputs
namespace phyll::kernels {

extern "C" {

/// Rows of the left operand that are packed side by side.
__attribute__((visibility("default"))) std::size_t phyll_product_panel_rows();

/// Room that a packed left operand of `rows` x `depth` needs, in floats.
__attribute__((visibility("default"))) std::size_t phyll_product_packed_floats(std::size_t rows,
                                                                               std::size_t depth);

/// Packs the panels [first, first + count) of `left`, of which there are rows / panel_rows, rounded
/// up. `packed` is the whole packed operand, aligned to 64 bytes.
__attribute__((visibility("default"))) void
phyll_product_pack(const MatrixView* left, std::size_t first, std::size_t count, float* packed);

/// For every row l of the left operand (`rows` x right->depth, packed) and r of the right one:
///   c[r * c_stride + l] = bias[l] + sum over d of left(l, d) * right(r, d)
/// `bias` may be null: then it is 0. The sum is taken in blocks of 256 steps, each in order from 0,
/// the blocks in order onto the bias: an element's bits depend on its two rows and the bias alone.
__attribute__((visibility("default"))) void phyll_product(const float* packed, std::size_t rows,
                                                          const MatrixView* right,
                                                          const float* bias, float* c,
                                                          std::size_t c_stride);
}

} // namespace phyll::kernels
