#pragma once

// What the measurer's source files share; for nobody else.

#include "daemon/runs/measuring/measurer.hpp"

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace phyll::runs {

inline void add_time(v1::LayerCost& cost, const AskingTime& time) {
    cost.set_hardware_seconds(cost.hardware_seconds() + time.busy);
    cost.set_wait_seconds(cost.wait_seconds() + time.waited);
}

struct Measurer::Samples {
    ConstBlock stimuli;
    std::span<const StimulusHash> hashes;      ///< may be none where there is no journal
    std::span<const training::Origin> origins; ///< or none
    Block responses;

    [[nodiscard]] Samples slice(std::size_t first, std::size_t count) const {
        return {.stimuli = stimuli.slice(first, count),
                .hashes = hashes.empty() ? hashes : hashes.subspan(first, count),
                .origins = origins.empty() ? origins : origins.subspan(first, count),
                .responses = responses.slice(first, count)};
    }
};

struct Measurer::Sorted {
    std::vector<StimulusHash> hashes;
    std::vector<std::size_t> fresh;                              ///< to be measured
    std::vector<std::pair<std::size_t, std::size_t>> repeats_of; ///< sample, place among the fresh
    std::size_t reused = 0;
};

} // namespace phyll::runs
