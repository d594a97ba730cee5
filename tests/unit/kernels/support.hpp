#pragma once

#include "drivers/core/aligned_floats.hpp"
#include "drivers/core/kernels/matrix_view.hpp"
#include "drivers/core/random.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace phyll::kernels::test {

inline std::vector<float> random_numbers(std::size_t count, std::string_view purpose) {
    const KeyedRandom random(1, purpose);
    std::vector<float> numbers(count);
    for (std::size_t i = 0; i < count; ++i) {
        numbers[i] = static_cast<float>(random.normal(i));
    }
    return numbers;
}

/// A matrix in memory of its own, its rows or its columns consecutive, with a gap between them.
class Matrix {
  public:
    enum class Order { rows, columns };

    Matrix(std::size_t rows, std::size_t depth, Order order, std::string_view purpose)
        : rows_(rows),
          depth_(depth),
          order_(order),
          stride_((order == Order::rows ? depth : rows) + 3),
          numbers_(random_numbers(stride_ * (order == Order::rows ? rows : depth), purpose)) {}

    [[nodiscard]] MatrixView view() const { return slice(0, rows_); }
    [[nodiscard]] MatrixView slice(std::size_t first, std::size_t count) const {
        const bool by_row = order_ == Order::rows;
        return {.data = numbers_.data() + first * (by_row ? stride_ : 1),
                .rows = count,
                .depth = depth_,
                .row_stride = by_row ? stride_ : 1,
                .depth_stride = by_row ? 1 : stride_};
    }
    [[nodiscard]] float at(std::size_t row, std::size_t d) const {
        return numbers_[order_ == Order::rows ? row * stride_ + d : d * stride_ + row];
    }

  private:
    std::size_t rows_;
    std::size_t depth_;
    Order order_;
    std::size_t stride_;
    std::vector<float> numbers_;
};

} // namespace phyll::kernels::test
