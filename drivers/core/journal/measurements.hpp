#pragma once

#include "drivers/core/journal/number_ranges.hpp"
#include "drivers/core/journal/reader.hpp"
#include "drivers/core/journal/views.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <variant>

namespace phyll::journal {

/// Calls `use(facts, sample)` for each measurement of a rig, in the order of appending. Of several
/// facts with one purpose and number there is the first, which is what the run used.
template <class Use>
void for_each_measurement(const Reader& reader, std::uint32_t rig, const Use& use) {
    std::array<NumberRanges, purposes> seen;
    for (std::size_t i = 0; i < reader.size(); ++i) {
        const RecordView record = reader.record(i);
        const auto* facts = std::get_if<FactsView>(&record);
        if (facts == nullptr || facts->rig != rig) {
            continue;
        }
        const auto place = static_cast<std::uint32_t>(i);
        NumberRanges& numbers = seen[static_cast<std::size_t>(facts->purpose)];
        numbers.add(facts->first_number, facts->samples, place);
        for (std::uint32_t sample = 0; sample < facts->samples; ++sample) {
            if (numbers.find(facts->first_number + sample) ==
                Place{.record = place, .sample = sample}) {
                use(*facts, sample);
            }
        }
    }
}

} // namespace phyll::journal
