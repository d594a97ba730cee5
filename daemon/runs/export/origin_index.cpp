#include "daemon/runs/export/origin_index.hpp"

#include <variant>

namespace phyll::runs {

using journal::OriginsView;

OriginIndex::OriginIndex(const journal::Reader& reader) : reader_(reader) {
    for (std::size_t i = 0; i < reader.size(); ++i) {
        const journal::RecordView record = reader.record(i);
        if (const auto* origins = std::get_if<OriginsView>(&record)) {
            numbers_[{origins->rig, origins->purpose}].add(origins->first_number, origins->samples,
                                                           static_cast<std::uint32_t>(i));
        }
    }
}

std::optional<OriginIndex::Found> OriginIndex::find(std::uint32_t rig, journal::Purpose purpose,
                                                    std::uint64_t number) const {
    const auto numbers = numbers_.find({rig, purpose});
    const auto place = numbers == numbers_.end() ? std::nullopt : numbers->second.find(number);
    if (!place) {
        return std::nullopt;
    }
    const auto origins = std::get<OriginsView>(reader_.record(place->record));
    return Found{.origin = origins.origin(place->sample), .split = origins.split};
}

} // namespace phyll::runs
