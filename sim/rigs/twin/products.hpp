#pragma once

#include "drivers/core/aligned_floats.hpp"
#include "drivers/core/kernels/product.hpp"
#include "drivers/core/sample_block.hpp"

#include <cstddef>

namespace phyll::sim {

/// The block's samples as rows, to be summed over their channels.
[[nodiscard]] inline kernels::MatrixView by_sample(ConstBlock block) {
    return {.data = block.data(),
            .rows = block.samples(),
            .depth = block.channels(),
            .row_stride = block.channels(),
            .depth_stride = 1};
}

/// The block's channels as rows, to be summed over the samples.
[[nodiscard]] inline kernels::MatrixView by_channel(ConstBlock block) {
    return {.data = block.data(),
            .rows = block.channels(),
            .depth = block.samples(),
            .row_stride = 1,
            .depth_stride = block.channels()};
}

/// A left operand as `phyll_product` wants it.
[[nodiscard]] inline AlignedFloats packed(const kernels::MatrixView& left) {
    AlignedFloats out(kernels::phyll_product_packed_floats(left.rows, left.depth));
    const std::size_t side = kernels::phyll_product_panel_rows();
    kernels::phyll_product_pack(&left, 0, (left.rows + side - 1) / side, out.data());
    return out;
}

} // namespace phyll::sim
