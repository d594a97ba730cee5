#pragma once

#include <cstddef>

namespace phyll::kernels {

/// A matrix of `rows` x `depth` in somebody's memory: element (r, d) is
/// data[r * row_stride + d * depth_stride]. One of the strides is 1. `depth` is what a product sums
/// over, at least 1.
struct MatrixView {
    const float* data;
    std::size_t rows;
    std::size_t depth;
    std::size_t row_stride;
    std::size_t depth_stride;
};

} // namespace phyll::kernels
