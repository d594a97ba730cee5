#include "daemon/training/matrix_product.hpp"

#include "daemon/training/tiles.hpp"
#include "drivers/core/aligned_floats.hpp"
#include "drivers/core/kernels/elementwise.hpp"
#include "drivers/core/kernels/product.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>

namespace phyll::training {
namespace {

using kernels::MatrixView;

/// Rows of the right operand, or panels of the left one, that are one task.
constexpr std::size_t rows_per_tile = 48;
constexpr std::size_t panels_per_tile = 8;

/// The block's columns as rows, to be summed over their channels.
MatrixView by_sample(ConstBlock block) {
    return {.data = block.data(),
            .rows = block.samples(),
            .depth = block.channels(),
            .row_stride = block.channels(),
            .depth_stride = 1};
}
/// The block's channels as rows, to be summed over the samples.
MatrixView by_channel(ConstBlock block) {
    return {.data = block.data(),
            .rows = block.channels(),
            .depth = block.samples(),
            .row_stride = 1,
            .depth_stride = block.channels()};
}

/// The rows [first, first + count) of a matrix.
MatrixView rows_of(const MatrixView& matrix, std::size_t first, std::size_t count) {
    MatrixView part = matrix;
    part.data += first * matrix.row_stride;
    part.rows = count;
    return part;
}

/// Room for a packed operand, kept by each thread for its next product: to ask the system for the
/// same megabytes again and again costs a tenth of the time of a product.
float* room_for(std::size_t count) {
    thread_local AlignedFloats room;
    thread_local std::size_t size = 0;
    if (size < count) {
        room = {};
        room = AlignedFloats(count);
        size = count;
    }
    return room.data();
}

class Product {
  public:
    Product(const MatrixView& left, const MatrixView& right, Workers* workers)
        : left_(left),
          right_(right),
          workers_(workers),
          packed_(room_for(kernels::phyll_product_packed_floats(left.rows, left.depth))) {
        const std::size_t panels = tile_count(left.rows, kernels::phyll_product_panel_rows());
        for_each_tile(workers_, tile_count(panels, panels_per_tile), operations(),
                      [&](std::size_t tile) {
                          const std::size_t first = tile * panels_per_tile;
                          kernels::phyll_product_pack(
                              &left_, first, std::min(panels_per_tile, panels - first), packed_);
                      });
    }

    /// Writes the products of every right row to `c`, one after the other, in tiles;
    /// after each of them calls also(first, count) with the tile's rows.
    template <class Also>
    void run(const float* bias, float* c, const Also& also) const {
        for_each_tile(workers_, tile_count(right_.rows, rows_per_tile), operations(),
                      [&](std::size_t tile) {
                          const std::size_t first = tile * rows_per_tile;
                          const std::size_t count = std::min(rows_per_tile, right_.rows - first);
                          const MatrixView right = rows_of(right_, first, count);
                          kernels::phyll_product(packed_, left_.rows, &right, bias,
                                                 c + first * left_.rows, left_.rows);
                          also(first, count);
                      });
    }

  private:
    [[nodiscard]] double operations() const {
        return 2.0 * static_cast<double>(left_.rows * left_.depth) *
               static_cast<double>(right_.rows);
    }

    MatrixView left_;
    MatrixView right_;
    Workers* workers_;
    float* packed_; ///< of this thread, so that there is one product at a time
};

} // namespace

void affine_map(ConstBlock weights, std::span<const float> bias, ConstBlock y, Block z,
                Workers* workers) {
    assert(weights.channels() == y.channels() && weights.samples() == z.channels());
    assert(bias.size() == z.channels() && y.samples() == z.samples());
    Product(by_sample(weights), by_sample(y), workers)
        .run(bias.data(), z.data(), [](std::size_t, std::size_t) {});
}

void affine_gradient(ConstBlock y, ConstBlock dz, Block weights_gradient,
                     std::span<float> bias_gradient, Workers* workers) {
    assert(weights_gradient.channels() == y.channels());
    assert(weights_gradient.samples() == dz.channels() && y.samples() == dz.samples());
    Product(by_channel(y), by_channel(dz), workers)
        .run(nullptr, weights_gradient.data(), [&](std::size_t first, std::size_t count) {
            kernels::phyll_sum_samples(dz.data() + first, dz.channels(), count, dz.samples(),
                                       bias_gradient.data() + first);
        });
}

} // namespace phyll::training
