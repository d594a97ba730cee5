#include "daemon/training/adam.hpp"

#include "daemon/training/tiles.hpp"
#include "drivers/core/kernels/elementwise.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace phyll::training {
namespace {

constexpr std::size_t parameters_per_tile = 16384;
/// The time that one parameter takes, in operations of a product: memory counts, not arithmetic.
constexpr double operations_per_parameter = 100.0;

} // namespace

Adam::Adam(std::size_t parameters, const AdamSettings& settings)
    : settings_(settings), first_(parameters), second_(parameters) {}

void Adam::update(std::span<float> parameters, std::span<const float> gradient,
                  double learning_rate, std::uint64_t step, Workers* workers) {
    assert(parameters.size() == first_.size() && gradient.size() == first_.size() && step > 0);
    const auto t = static_cast<double>(step);
    // Both moments start at zero; rate and unbias undo the bias towards it.
    const kernels::AdamStep how{
        .beta1 = static_cast<float>(settings_.beta1),
        .beta2 = static_cast<float>(settings_.beta2),
        .rate = static_cast<float>(learning_rate / (1.0 - std::pow(settings_.beta1, t))),
        .unbias = static_cast<float>(1.0 / (1.0 - std::pow(settings_.beta2, t))),
        .epsilon = static_cast<float>(settings_.epsilon),
    };
    const std::size_t count = gradient.size();
    for_each_tile(workers, tile_count(count, parameters_per_tile),
                  operations_per_parameter * static_cast<double>(count), [&](std::size_t tile) {
                      const std::size_t first = tile * parameters_per_tile;
                      kernels::phyll_adam(&how, std::min(parameters_per_tile, count - first),
                                          gradient.data() + first, parameters.data() + first,
                                          first_.data() + first, second_.data() + first);
                  });
}

void Adam::forget() {
    std::ranges::fill(first_, 0.0F);
    std::ranges::fill(second_, 0.0F);
}

} // namespace phyll::training
