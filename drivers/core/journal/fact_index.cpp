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
    numbers_[{facts.rig, facts.purpose}].add(facts.first_number, facts.samples, record);
    std::vector<Stimulus>& stimuli = stimuli_[{facts.rig, facts.era}];
    for (std::uint32_t i = 0; i < facts.samples; ++i) {
        stimuli.push_back({.hash = facts.hash(i), .at = {.record = record, .sample = i}});
    }
}

std::optional<Fact> FactIndex::find(std::uint32_t rig, Purpose purpose,
                                    std::uint64_t number) const {
    const auto sorted = numbers_.find({rig, purpose});
    if (sorted == numbers_.end()) {
        return std::nullopt;
    }
    const std::optional<Place> place = sorted->second.find(number);
    return place ? std::optional(fact(*place)) : std::nullopt;
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
