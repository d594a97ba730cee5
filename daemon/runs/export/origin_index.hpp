#pragma once

#include "drivers/core/journal/number_ranges.hpp"
#include "drivers/core/journal/reader.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

namespace phyll::runs {

/// Finds what the measurements of a journal were of. Thread rule: any thread, several at a time.
class OriginIndex {
  public:
    struct Found {
        journal::Origin origin;
        journal::Split split = journal::Split::training;
    };

    /// `reader` outlives the index.
    explicit OriginIndex(const journal::Reader& reader);

    /// Nothing where the journal does not say.
    [[nodiscard]] std::optional<Found> find(std::uint32_t rig, journal::Purpose purpose,
                                            std::uint64_t number) const;

  private:
    const journal::Reader& reader_;
    std::map<std::pair<std::uint32_t, journal::Purpose>, journal::NumberRanges> numbers_;
};

} // namespace phyll::runs
