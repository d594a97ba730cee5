#include "sim/rigs/twin/network.hpp"

#include "sim/rigs/twin/products.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <utility>

namespace phyll::sim {

TwinNetwork::TwinNetwork(const TwinWeights& weights)
    : inputs_(weights.inputs()),
      w1_(packed(by_sample(weights.w1.view()))),
      b1_(weights.b1),
      w2_(packed(by_sample(weights.w2.view()))),
      b2_(weights.b2) {}

void TwinNetwork::compute(ConstBlock x, Block h, Block y) const {
    const kernels::MatrixView inputs = by_sample(x);
    kernels::phyll_product(w1_.data(), hidden(), &inputs, b1_.data(), h.data(), hidden());
    // Eigen's tanh, a rational function in registers. A tile is a whole number of registers, so
    // that every value takes the same path.
    Eigen::Map<Eigen::ArrayXf, Eigen::Aligned64> units(h.data(),
                                                       static_cast<Eigen::Index>(h.size()));
    units = units.tanh();
    const kernels::MatrixView units_by_sample = by_sample(h);
    kernels::phyll_product(w2_.data(), outputs(), &units_by_sample, b2_.data(), y.data(),
                           outputs());
}

void TwinNetwork::respond(ConstBlock x, Block y) const {
    AlignedFloats units(hidden() * twin_tile);
    OwnedBlock stimuli(inputs_, twin_tile);
    OwnedBlock responses(outputs(), twin_tile);
    for (std::size_t first = 0; first < x.samples(); first += twin_tile) {
        const std::size_t count = std::min(twin_tile, x.samples() - first);
        std::ranges::copy(x.slice(first, count).values(), stimuli.view().data());
        compute(std::as_const(stimuli).view(), {units.data(), hidden(), twin_tile},
                responses.view());
        std::ranges::copy(responses.view().slice(0, count).values(), y.slice(first, count).data());
    }
}

} // namespace phyll::sim
