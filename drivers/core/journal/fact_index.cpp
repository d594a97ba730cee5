#include "drivers/core/journal/fact_index.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

namespace phyll::journal {

FactIndex::FactIndex(const Reader& reader) : reader_(reader) {
    if (reader.size() > UINT32_MAX) {
        throw Error(Code::resource_exhausted,
                    fmt::format("the journal has {} records; at most {} are found by an index",
                                reader.size(), UINT32_MAX));
    }
    for (std::size_t i = 0; i < reader.size(); ++i) {
        const RecordView record = reader.record(i);
        if (const auto* facts = std::get_if<FactsView>(&record)) {
            add(*facts, static_cast<std::uint32_t>(i));
        }
    }
    for (auto& [key, stimuli] : stimuli_) {
        std::ranges::stable_sort(stimuli, {}, &Stimulus::hash);
    }
}

void FactIndex::add(const FactsView& facts, std::uint32_t record) {
    add_numbers(numbers_[{facts.rig, facts.purpose}], facts, record);
    std::vector<Stimulus>& stimuli = stimuli_[{facts.rig, facts.era}];
    for (std::uint32_t i = 0; i < facts.samples; ++i) {
        stimuli.push_back({.hash = facts.hash(i), .at = {.record = record, .sample = i}});
    }
}

/// Fills the gaps between numbers that are there already. Nearly always that is all of the block,
/// at the end.
void FactIndex::add_numbers(std::vector<Numbers>& sorted, const FactsView& facts,
                            std::uint32_t record) {
    const std::uint64_t end = facts.first_number + facts.samples;
    std::uint64_t first = facts.first_number;
    auto next = std::ranges::upper_bound(sorted, first, {}, &Numbers::end);
    while (first < end) {
        const std::uint64_t gap_end = next == sorted.end() ? end : std::min(end, next->first);
        if (first < gap_end) {
            const auto sample = static_cast<std::uint32_t>(first - facts.first_number);
            next = sorted.insert(
                next, {.first = first, .end = gap_end, .at = {.record = record, .sample = sample}});
        }
        first = std::max(gap_end, next->end);
        ++next;
    }
}

std::optional<Fact> FactIndex::find(std::uint32_t rig, Purpose purpose,
                                    std::uint64_t number) const {
    const auto sorted = numbers_.find({rig, purpose});
    if (sorted == numbers_.end()) {
        return std::nullopt;
    }
    const auto found = std::ranges::upper_bound(sorted->second, number, {}, &Numbers::end);
    if (found == sorted->second.end() || number < found->first) {
        return std::nullopt;
    }
    const auto beyond = static_cast<std::uint32_t>(number - found->first);
    return fact({.record = found->at.record, .sample = found->at.sample + beyond});
}

std::vector<FactIndex::Place> FactIndex::find(std::uint32_t rig, std::uint32_t era,
                                              const StimulusHash& hash) const {
    std::vector<Place> places;
    const auto sorted = stimuli_.find({rig, era});
    if (sorted != stimuli_.end()) {
        for (const Stimulus& stimulus :
             std::ranges::equal_range(sorted->second, hash, {}, &Stimulus::hash)) {
            places.push_back(stimulus.at);
        }
    }
    return places;
}

Fact FactIndex::fact(const Place& place) const {
    return {.facts = std::get<FactsView>(reader_.record(place.record)), .sample = place.sample};
}

} // namespace phyll::journal
