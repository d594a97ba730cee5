#pragma once

#include "drivers/core/journal/number_ranges.hpp"
#include "drivers/core/journal/reader.hpp"
#include "drivers/core/journal/records.hpp"
#include "drivers/core/journal/views.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace phyll::journal {

/// One measurement: a sample of a block of facts.
struct Fact {
    FactsView facts;
    std::size_t sample = 0;
};

/// Finds the facts of a journal, by what they are called and by what was asked.
/// Takes 24 bytes per block and per sample. Thread rule: any thread, several at a time.
class FactIndex {
  public:
    using Place = journal::Place;

    /// `reader` outlives the index. Throws RESOURCE_EXHAUSTED for more than 2^32 records.
    explicit FactIndex(const Reader& reader);

    /// The sample with this number. Of several, the first that was appended: it is what the run
    /// used.
    [[nodiscard]] std::optional<Fact> find(std::uint32_t rig, Purpose purpose,
                                           std::uint64_t number) const;

    /// Where the device was told this in that era, in the order of appending; whatever for.
    [[nodiscard]] std::vector<Place> find(std::uint32_t rig, std::uint32_t era,
                                          const StimulusHash& hash) const;

    [[nodiscard]] Fact fact(const Place& place) const;

  private:
    struct Stimulus {
        StimulusHash hash;
        Place at;
    };
    using RigAndPurpose = std::pair<std::uint32_t, Purpose>;
    using RigAndEra = std::pair<std::uint32_t, std::uint32_t>;

    void add(const FactsView& facts, std::uint32_t record);

    const Reader& reader_;
    std::map<RigAndPurpose, NumberRanges> numbers_;
    std::map<RigAndEra, std::vector<Stimulus>> stimuli_; ///< ascending, then as appended
};

} // namespace phyll::journal
