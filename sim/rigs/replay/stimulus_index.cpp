#include "sim/rigs/replay/stimulus_index.hpp"

#include <bit>
#include <cmath>
#include <limits>

namespace phyll::sim {

StimulusIndex::StimulusIndex(ConstBlock stimuli, std::vector<unsigned> levels)
    : stimuli_(stimuli), levels_(std::move(levels)) {
    places_.reserve(stimuli.samples());
    for (std::size_t i = 0; i < stimuli.samples(); ++i) {
        const auto known = find(stimuli.sample(i));
        if (!known) {
            places_.emplace(hash(stimuli.sample(i)), distinct_.size());
            distinct_.emplace_back();
        }
        distinct_[known.value_or(distinct_.size() - 1)].push_back(static_cast<std::uint32_t>(i));
    }
}

std::optional<std::size_t> StimulusIndex::find(std::span<const float> drives) const {
    const auto [first, last] = places_.equal_range(hash(drives));
    for (auto entry = first; entry != last; ++entry) {
        if (same(drives, stimulus(entry->second))) {
            return entry->second;
        }
    }
    return std::nullopt;
}

StimulusIndex::Nearest StimulusIndex::nearest(std::span<const float> drives) const {
    Nearest best{.place = 0, .distance = std::numeric_limits<double>::infinity()};
    for (std::size_t place = 0; place < distinct_.size(); ++place) {
        const std::span<const float> candidate = stimulus(place);
        double square = 0.0;
        for (std::size_t k = 0; k < drives.size(); ++k) {
            const double difference =
                static_cast<double>(drives[k]) - static_cast<double>(candidate[k]);
            square += difference * difference;
        }
        if (square < best.distance) {
            best = {.place = place, .distance = square};
        }
    }
    best.distance = std::sqrt(best.distance);
    return best;
}

std::uint32_t StimulusIndex::word(float drive, std::size_t input) const {
    if (levels_[input] < 2) {
        return std::bit_cast<std::uint32_t>(drive + 0.0F); // both zeros are one stimulus
    }
    return static_cast<std::uint32_t>(
        std::lround(static_cast<double>(drive) * (levels_[input] - 1)));
}

/// FNV-1a over the words.
std::uint64_t StimulusIndex::hash(std::span<const float> drives) const {
    std::uint64_t value = 0xcbf29ce484222325;
    for (std::size_t k = 0; k < drives.size(); ++k) {
        value = (value ^ word(drives[k], k)) * 0x100000001b3;
    }
    return value ^ (value >> 32U);
}

bool StimulusIndex::same(std::span<const float> a, std::span<const float> b) const {
    for (std::size_t k = 0; k < a.size(); ++k) {
        if (word(a[k], k) != word(b[k], k)) {
            return false;
        }
    }
    return true;
}

} // namespace phyll::sim
