#include "drivers/core/journal/views.hpp"

#include "drivers/core/journal/layout.hpp"

#include <cassert>
#include <chrono>
#include <string>
#include <type_traits>

namespace phyll::journal {
namespace {

using layout::get;
using layout::padded;

constexpr std::size_t hash_bytes = sizeof(StimulusHash);
constexpr std::size_t time_bytes = 2 * sizeof(std::int64_t);

Clock::Wall wall(std::span<const std::byte> bytes, std::size_t at) {
    return Clock::Wall(std::chrono::duration_cast<Clock::Wall::duration>(
        std::chrono::nanoseconds(get<std::int64_t>(bytes, at))));
}

std::string_view text(std::span<const std::byte> bytes, std::size_t at, std::size_t length) {
    return {reinterpret_cast<const char*>(bytes.data()) + at, length};
}

} // namespace

std::optional<FactsView> FactsView::of(std::span<const std::byte> record,
                                       std::span<const RigCodecs> rigs) {
    if (record.size() < layout::facts_bytes) {
        return std::nullopt;
    }
    FactsView view;
    view.rig = get<std::uint32_t>(record, 32);
    const auto purpose = get<std::uint32_t>(record, 36);
    view.purpose = static_cast<Purpose>(purpose);
    view.key = get<std::uint64_t>(record, 40);
    view.first_number = get<std::uint64_t>(record, 48);
    view.samples = get<std::uint32_t>(record, 56);
    view.layer = get<std::uint32_t>(record, 60);
    view.era = get<std::uint32_t>(record, 64);
    view.times_ = get<std::uint32_t>(record, 68);
    const bool plausible = view.rig < rigs.size() && purpose < purposes && view.samples > 0 &&
                           view.first_number <= UINT64_MAX - view.samples &&
                           (view.times_ <= 1 || view.times_ == view.samples);
    if (!plausible) {
        return std::nullopt;
    }
    view.codecs_ = &rigs[view.rig];
    // 32-bit counts times at most 2^22 bytes: no sum overflows.
    const std::uint64_t samples = view.samples;
    const std::uint64_t times_at = layout::facts_bytes + samples * hash_bytes;
    const std::uint64_t stimuli_at = times_at + view.times_ * time_bytes;
    const std::uint64_t stimuli = samples * view.codecs_->stimulus.bytes();
    const std::uint64_t responses_at = stimuli_at + padded(stimuli);
    const std::uint64_t responses = samples * view.codecs_->response.bytes();
    if (responses_at + padded(responses) != record.size()) {
        return std::nullopt;
    }
    view.hashes_bytes_ = record.subspan(layout::facts_bytes, samples * hash_bytes);
    view.times_bytes_ = record.subspan(times_at, view.times_ * time_bytes);
    view.stimuli_bytes_ = record.subspan(stimuli_at, stimuli);
    view.responses_bytes_ = record.subspan(responses_at, responses);
    return view;
}

StimulusHash FactsView::hash(std::size_t sample) const {
    assert(sample < samples);
    return get<StimulusHash>(hashes_bytes_, sample * hash_bytes);
}

std::optional<FactTime> FactsView::time(std::size_t sample) const {
    assert(sample < samples);
    if (times_ == 0) {
        return std::nullopt;
    }
    const std::size_t at = times_ == 1 ? 0 : sample * time_bytes;
    return FactTime{.start = wall(times_bytes_, at),
                    .end = wall(times_bytes_, at + sizeof(std::int64_t))};
}

std::span<const std::byte> FactsView::stimulus_bytes(std::size_t sample) const {
    assert(sample < samples);
    const std::size_t bytes = codecs_->stimulus.bytes();
    return stimuli_bytes_.subspan(sample * bytes, bytes);
}

std::span<const std::byte> FactsView::response_bytes(std::size_t sample) const {
    assert(sample < samples);
    const std::size_t bytes = codecs_->response.bytes();
    return responses_bytes_.subspan(sample * bytes, bytes);
}

void FactsView::read_stimulus(std::size_t sample, std::span<float> into) const {
    codecs_->stimulus.decode(stimulus_bytes(sample), into);
}

void FactsView::read_response(std::size_t sample, std::span<float> into) const {
    codecs_->response.decode(response_bytes(sample), into);
}

std::optional<Raw> raw_of(std::span<const std::byte> record, std::size_t rigs) {
    if (record.size() < layout::raw_bytes) {
        return std::nullopt;
    }
    Raw raw;
    raw.rig = get<std::uint32_t>(record, 32);
    const auto purpose = get<std::uint32_t>(record, 36);
    raw.purpose = static_cast<Purpose>(purpose);
    raw.first_number = get<std::uint64_t>(record, 40);
    const auto type = get<std::uint32_t>(record, 48);
    raw.samples = get<std::uint32_t>(record, 52);
    const auto bytes = get<std::uint64_t>(record, 56);
    const std::uint64_t bytes_at = layout::raw_bytes + padded(type);
    const bool whole = raw.rig < rigs && purpose < purposes && raw.samples > 0 &&
                       raw.first_number <= UINT64_MAX - raw.samples && bytes <= record.size() &&
                       bytes_at + padded(bytes) == record.size();
    if (!whole) {
        return std::nullopt;
    }
    raw.type = text(record, layout::raw_bytes, type);
    raw.bytes = record.subspan(bytes_at, bytes);
    return raw;
}

std::optional<Mark> mark_of(std::span<const std::byte> record, std::size_t rigs) {
    if (record.size() < layout::mark_bytes) {
        return std::nullopt;
    }
    Mark mark;
    const auto kind = get<std::uint32_t>(record, 32);
    mark.kind = static_cast<MarkKind>(kind);
    mark.rig = get<std::uint32_t>(record, 36);
    mark.number = get<std::uint64_t>(record, 40);
    mark.era = get<std::uint32_t>(record, 48);
    const auto length = get<std::uint32_t>(record, 52);
    mark.value = get<double>(record, 56);
    mark.time = wall(record, 64);
    const bool whole = kind < mark_kinds && (mark.rig < rigs || mark.rig == no_rig) &&
                       layout::mark_bytes + padded(length) == record.size();
    if (!whole) {
        return std::nullopt;
    }
    mark.text = text(record, layout::mark_bytes, length);
    return mark;
}

std::optional<OriginsView> OriginsView::of(std::span<const std::byte> record, std::size_t rigs) {
    if (record.size() < layout::origins_bytes) {
        return std::nullopt;
    }
    OriginsView view;
    view.rig = get<std::uint32_t>(record, 32);
    const auto purpose = get<std::uint32_t>(record, 36);
    view.purpose = static_cast<Purpose>(purpose);
    view.first_number = get<std::uint64_t>(record, 40);
    view.samples = get<std::uint32_t>(record, 48);
    const auto split = get<std::uint32_t>(record, 52);
    view.split = static_cast<Split>(split);
    const std::uint64_t bytes = std::uint64_t{view.samples} * sizeof(Origin);
    const bool whole = view.rig < rigs && purpose < purposes && split < splits &&
                       view.samples > 0 && view.first_number <= UINT64_MAX - view.samples &&
                       layout::origins_bytes + bytes == record.size();
    if (!whole) {
        return std::nullopt;
    }
    view.origins_bytes_ = record.subspan(layout::origins_bytes, bytes);
    return view;
}

Origin OriginsView::origin(std::size_t sample) const {
    assert(sample < samples);
    return get<Origin>(origins_bytes_, sample * sizeof(Origin));
}

} // namespace phyll::journal
