#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace phyll::journal {

/// Where a sample is: the record, and its place in there.
struct Place {
    std::uint32_t record = 0;
    std::uint32_t sample = 0;

    bool operator==(const Place&) const = default;
};

/// Finds samples by number, where records have samples with consecutive numbers. Takes 24 bytes per
/// record, mostly.
class NumberRanges {
  public:
    /// The samples [first, first + samples) of a record; of those that are known already the
    /// earlier record counts.
    void add(std::uint64_t first, std::uint32_t samples, std::uint32_t record);
    [[nodiscard]] std::optional<Place> find(std::uint64_t number) const;

  private:
    /// The numbers [first, end) are samples of a record, the first of them `at`.
    struct Range {
        std::uint64_t first = 0;
        std::uint64_t end = 0;
        Place at;
    };

    std::vector<Range> sorted_; ///< disjoint, ascending
};

} // namespace phyll::journal
