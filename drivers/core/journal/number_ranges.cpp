#include "drivers/core/journal/number_ranges.hpp"

#include <algorithm>

namespace phyll::journal {

/// Fills the gaps between numbers that are there already. Nearly always that is all of the record,
/// at the end.
void NumberRanges::add(std::uint64_t first, std::uint32_t samples, std::uint32_t record) {
    const std::uint64_t begin = first;
    const std::uint64_t end = first + samples;
    auto next = std::ranges::upper_bound(sorted_, first, {}, &Range::end);
    while (first < end) {
        const std::uint64_t gap_end = next == sorted_.end() ? end : std::min(end, next->first);
        if (first < gap_end) {
            const auto sample = static_cast<std::uint32_t>(first - begin);
            next = sorted_.insert(
                next, {.first = first, .end = gap_end, .at = {.record = record, .sample = sample}});
        }
        first = std::max(gap_end, next->end);
        ++next;
    }
}

std::optional<Place> NumberRanges::find(std::uint64_t number) const {
    const auto found = std::ranges::upper_bound(sorted_, number, {}, &Range::end);
    if (found == sorted_.end() || number < found->first) {
        return std::nullopt;
    }
    const auto beyond = static_cast<std::uint32_t>(number - found->first);
    return Place{.record = found->at.record, .sample = found->at.sample + beyond};
}

} // namespace phyll::journal
