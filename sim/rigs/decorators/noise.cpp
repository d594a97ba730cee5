#include "sim/rigs/decorators/noise.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/random.hpp"

#include <fmt/format.h>

namespace phyll::sim {
namespace {

constexpr double widening = 9.0;

} // namespace

Noise::Noise(std::unique_ptr<PhysicalLayer> inner, std::vector<double> deviations,
             std::uint64_t seed)
    : Decorator(std::move(inner)),
      deviations_(std::move(deviations)),
      seed_(seed),
      spec_(Decorator::spec()) {
    if (deviations_.size() != spec_.n_out()) {
        throw invalid_field("deviations", fmt::format("{} numbers for {} outputs",
                                                      deviations_.size(), spec_.n_out()));
    }
    spec_.response_storage = {}; // values between an instrument's steps fit no integer
    for (std::size_t k = 0; k < spec_.n_out(); ++k) {
        spec_.outputs[k].minimum -= widening * deviations_[k];
        spec_.outputs[k].maximum += widening * deviations_[k];
    }
}

void Noise::query(ConstBlock x, Block y, const QueryContext& context) {
    inner().query(x, y, context);
    const KeyedRandom random(KeyedRandom(seed_, "noise").bits(context.key));
    for (std::size_t i = 0; i < y.samples(); ++i) {
        for (std::size_t k = 0; k < y.channels(); ++k) {
            float& value = y.sample(i)[k];
            value =
                static_cast<float>(value + deviations_[k] * random.normal(context.number + i, k));
        }
    }
}

} // namespace phyll::sim
