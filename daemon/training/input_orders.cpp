#include "daemon/training/input_orders.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <span>

namespace phyll::training {

InputOrders::InputOrders(std::size_t permutations, std::size_t inputs, std::uint64_t seed,
                         std::size_t layer) {
    const KeyedRandom random(seed, fmt::format("layer {} permutations", layer + 1));
    for (std::size_t p = 1; p < permutations; ++p) {
        std::vector<std::uint32_t>& order = others_.emplace_back(inputs);
        std::iota(order.begin(), order.end(), 0U);
        random.shuffle(order, p);
    }
}

OwnedBlock InputOrders::expand(OwnedBlock stimuli) const {
    if (others_.empty()) {
        return stimuli;
    }
    OwnedBlock expanded(stimuli.channels(), stimuli.samples() * count());
    for (std::size_t i = 0; i < stimuli.samples(); ++i) {
        const std::span<const float> shown = stimuli.sample(i);
        const std::size_t first = i * count();
        std::ranges::copy(shown, expanded.sample(first).begin());
        for (std::size_t p = 0; p < others_.size(); ++p) {
            std::ranges::transform(others_[p], expanded.sample(first + 1 + p).begin(),
                                   [&](std::uint32_t k) { return shown[k]; });
        }
    }
    return expanded;
}

ConstBlock InputOrders::gather(ConstBlock responses) const {
    // The answers to one stimulus lie side by side already.
    return {responses.data(), responses.channels() * count(), responses.samples() / count()};
}

std::size_t read_permutations(const std::string& field, const phyll::v1::LayerConfig& layer,
                              const RigShape& rig) {
    const std::size_t permutations = permutations_of(layer);
    if (permutations == 0) {
        throw invalid_field(field, "0; valid is 1 or more");
    }
    const bool alike =
        std::ranges::adjacent_find(rig.levels, std::not_equal_to<>()) == rig.levels.end();
    if (permutations > 1 && !alike) {
        throw invalid_field(field, fmt::format("{}; the inputs of rig '{}' are not alike (they "
                                               "have different numbers of levels), so that only 1 "
                                               "is valid",
                                               permutations, layer.rig()));
    }
    return permutations;
}

} // namespace phyll::training
