#pragma once

#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace phyll::sim {

/// Finds stimuli among those that were measured, by the hash of the words that a device would be
/// given: the level of each input, or the bits of its float32 where inputs are continuous.
///
/// Thread rule: any thread, several at a time.
class StimulusIndex {
  public:
    /// `stimuli` (n_in x measurements, drives) outlives the index; `levels[k]` below 2: continuous.
    StimulusIndex(ConstBlock stimuli, std::vector<unsigned> levels);

    /// The distinct stimuli in the order of their first measurement; each is the list of its
    /// measurements, in order.
    [[nodiscard]] const std::vector<std::vector<std::uint32_t>>& distinct() const noexcept {
        return distinct_;
    }

    /// The place in `distinct()` of this very stimulus.
    [[nodiscard]] std::optional<std::size_t> find(std::span<const float> drives) const;

    struct Nearest {
        std::size_t place;
        double distance; ///< Euclidean, in drives
    };
    /// The recorded stimulus that is nearest; of several the one that was measured first. Looks at
    /// all of them.
    [[nodiscard]] Nearest nearest(std::span<const float> drives) const;

  private:
    [[nodiscard]] std::uint32_t word(float drive, std::size_t input) const;
    [[nodiscard]] std::uint64_t hash(std::span<const float> drives) const;
    [[nodiscard]] bool same(std::span<const float> a, std::span<const float> b) const;
    [[nodiscard]] std::span<const float> stimulus(std::size_t place) const {
        return stimuli_.sample(distinct_[place].front());
    }

    ConstBlock stimuli_;
    std::vector<unsigned> levels_;
    std::vector<std::vector<std::uint32_t>> distinct_;
    std::unordered_multimap<std::uint64_t, std::size_t> places_; ///< by hash
};

} // namespace phyll::sim
