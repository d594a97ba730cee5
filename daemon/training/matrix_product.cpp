#include "daemon/training/matrix_product.hpp"

#define EIGEN_DONT_PARALLELIZE
#include <Eigen/Core>

#include <algorithm>
#include <cassert>
#include <cstddef>

namespace phyll::training {
namespace {

constexpr Eigen::Index tile = 64;

using Matrix = Eigen::MatrixXf;
using ConstMap = Eigen::Map<const Matrix>;
using Map = Eigen::Map<Matrix>;

Eigen::Index index(std::size_t n) {
    return static_cast<Eigen::Index>(n);
}

ConstMap matrix(ConstBlock block) {
    return {block.data(), index(block.channels()), index(block.samples())};
}
Map matrix(Block block) {
    return {block.data(), index(block.channels()), index(block.samples())};
}
Eigen::Map<const Eigen::VectorXf> vector(std::span<const float> values) {
    return {values.data(), index(values.size())};
}
Eigen::Map<Eigen::VectorXf> vector(std::span<float> values) {
    return {values.data(), index(values.size())};
}

/// Calls full(first) for each whole tile of samples and rest(first, count) for what remains.
template <class Full, class Rest>
void for_each_tile(Eigen::Index samples, Full&& full, Rest&& rest) {
    Eigen::Index first = 0;
    for (; first + tile <= samples; first += tile) {
        full(first);
    }
    if (first < samples) {
        rest(first, samples - first);
    }
}

Matrix padded(const ConstMap& block, Eigen::Index first, Eigen::Index count) {
    Matrix copy = Matrix::Zero(block.rows(), tile);
    copy.leftCols(count) = block.middleCols(first, count);
    return copy;
}

} // namespace

void affine_map(ConstBlock weights, std::span<const float> bias, ConstBlock y, Block z) {
    assert(weights.channels() == y.channels() && weights.samples() == z.channels());
    assert(bias.size() == z.channels() && y.samples() == z.samples());
    const ConstMap w = matrix(weights);
    const ConstMap in = matrix(y);
    Map out = matrix(z);
    for_each_tile(
        in.cols(),
        [&](Eigen::Index first) {
            out.middleCols(first, tile).noalias() = w.transpose() * in.middleCols(first, tile);
        },
        [&](Eigen::Index first, Eigen::Index count) {
            const Matrix all = w.transpose() * padded(in, first, count);
            out.middleCols(first, count) = all.leftCols(count);
        });
    out.colwise() += vector(bias);
}

void affine_gradient(ConstBlock y, ConstBlock dz, Block weights_gradient,
                     std::span<float> bias_gradient) {
    assert(weights_gradient.channels() == y.channels());
    assert(weights_gradient.samples() == dz.channels() && y.samples() == dz.samples());
    const ConstMap in = matrix(y);
    const ConstMap out = matrix(dz);
    Map dw = matrix(weights_gradient);
    auto db = vector(bias_gradient);
    dw.setZero();
    db.setZero();
    for_each_tile(
        in.cols(),
        [&](Eigen::Index first) {
            dw.noalias() += in.middleCols(first, tile) * out.middleCols(first, tile).transpose();
        },
        [&](Eigen::Index first, Eigen::Index count) {
            dw.noalias() += padded(in, first, count) * padded(out, first, count).transpose();
        });
    for (Eigen::Index i = 0; i < out.cols(); ++i) {
        db += out.col(i);
    }
}

} // namespace phyll::training
