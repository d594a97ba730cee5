#include "drivers/core/journal/encode.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/journal/layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>

namespace phyll::journal {
namespace {

using layout::padded;
using layout::put;

void check_rig(std::uint32_t rig, std::size_t rigs) {
    if (rig >= rigs) {
        throw invalid_field("rig", fmt::format("{}; valid is 0 to {}", rig, rigs - 1));
    }
}

template <class Enum>
void check_choice(const std::string& field, Enum value, std::uint32_t choices) {
    if (static_cast<std::uint32_t>(value) >= choices) {
        throw invalid_field(field, fmt::format("{}; valid is 0 to {}",
                                               static_cast<std::uint32_t>(value), choices - 1));
    }
}

void check_numbers(std::uint64_t first, std::uint64_t samples) {
    if (first > UINT64_MAX - samples) {
        throw invalid_field("first_number", fmt::format("{}; with {} samples, valid is at most {}",
                                                        first, samples, UINT64_MAX - samples));
    }
}

void check_count(const std::string& field, std::size_t count, std::size_t expected) {
    if (count != expected) {
        throw invalid_field(field, fmt::format("{}; valid is {}", count, expected));
    }
}

std::size_t checked_size(std::uint64_t bytes) {
    if (bytes > layout::max_record_bytes) {
        throw invalid_field("record", fmt::format("{} bytes; valid is at most {}: append it in "
                                                  "smaller blocks",
                                                  bytes, layout::max_record_bytes));
    }
    return static_cast<std::size_t>(bytes);
}

void check(const Facts& facts, std::span<const RigCodecs> rigs) {
    check_rig(facts.rig, rigs.size());
    check_choice("purpose", facts.purpose, purposes);
    const std::size_t samples = facts.stimuli.samples();
    if (samples == 0 || samples > UINT32_MAX) {
        throw invalid_field("stimuli",
                            fmt::format("{} samples; valid is 1 to {}", samples, UINT32_MAX));
    }
    check_numbers(facts.first_number, samples);
    check_count("stimuli.channels", facts.stimuli.channels(), rigs[facts.rig].stimulus.channels());
    check_count("responses.channels", facts.responses.channels(),
                rigs[facts.rig].response.channels());
    check_count("responses.samples", facts.responses.samples(), samples);
    check_count("hashes", facts.hashes.size(), samples);
    if (facts.times.size() > 1) {
        check_count("times", facts.times.size(), samples);
    }
}

std::int64_t nanoseconds(Clock::Wall time) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

void put_bytes(std::span<std::byte> record, std::size_t at, std::span<const std::byte> bytes) {
    std::ranges::copy(bytes, record.begin() + static_cast<std::ptrdiff_t>(at));
}

void put_text(std::span<std::byte> record, std::size_t at, std::string_view text) {
    put_bytes(record, at, std::as_bytes(std::span(text)));
}

void put_samples(std::span<std::byte> into, ConstBlock block, const SampleCodec& codec) {
    for (std::size_t i = 0; i < block.samples(); ++i) {
        codec.encode(block.sample(i), into.subspan(i * codec.bytes(), codec.bytes()));
    }
}

void put_fixed(std::span<std::byte> record, const Facts& facts) {
    put(record, 32, facts.rig);
    put(record, 36, facts.purpose);
    put(record, 40, facts.key);
    put(record, 48, facts.first_number);
    put(record, 56, static_cast<std::uint32_t>(facts.stimuli.samples()));
    put(record, 60, facts.layer);
    put(record, 64, facts.era);
    put(record, 68, static_cast<std::uint32_t>(facts.times.size()));
}

} // namespace

std::vector<std::byte> encode(const Facts& facts, std::span<const RigCodecs> rigs) {
    check(facts, rigs);
    const RigCodecs& codecs = rigs[facts.rig];
    const std::uint64_t samples = facts.stimuli.samples();
    const std::uint64_t times_at = layout::facts_bytes + facts.hashes.size_bytes();
    const std::uint64_t stimuli_at = times_at + facts.times.size() * 2 * sizeof(std::int64_t);
    const std::uint64_t responses_at = stimuli_at + padded(samples * codecs.stimulus.bytes());
    std::vector<std::byte> record =
        layout::new_record(layout::RecordType::facts,
                           checked_size(responses_at + padded(samples * codecs.response.bytes())));
    put_fixed(record, facts);
    put_bytes(record, layout::facts_bytes, std::as_bytes(facts.hashes));
    for (std::size_t i = 0; i < facts.times.size(); ++i) {
        put(record, times_at + 16 * i, nanoseconds(facts.times[i].start));
        put(record, times_at + 16 * i + 8, nanoseconds(facts.times[i].end));
    }
    put_samples(std::span(record).subspan(stimuli_at), facts.stimuli, codecs.stimulus);
    put_samples(std::span(record).subspan(responses_at), facts.responses, codecs.response);
    return record;
}

std::vector<std::byte> encode(const Raw& raw, std::span<const RigCodecs> rigs) {
    check_rig(raw.rig, rigs.size());
    check_choice("purpose", raw.purpose, purposes);
    check_numbers(raw.first_number, raw.samples);
    if (raw.samples == 0) {
        throw invalid_field("samples", fmt::format("0; valid is 1 to {}", UINT32_MAX));
    }
    const std::uint64_t bytes_at = layout::raw_bytes + padded(raw.type.size());
    std::vector<std::byte> record = layout::new_record(
        layout::RecordType::raw, checked_size(bytes_at + padded(raw.bytes.size())));
    put(record, 32, raw.rig);
    put(record, 36, raw.purpose);
    put(record, 40, raw.first_number);
    put(record, 48, static_cast<std::uint32_t>(raw.type.size()));
    put(record, 52, raw.samples);
    put(record, 56, std::uint64_t{raw.bytes.size()});
    put_text(record, layout::raw_bytes, raw.type);
    put_bytes(record, bytes_at, raw.bytes);
    return record;
}

std::vector<std::byte> encode(const Mark& mark, std::span<const RigCodecs> rigs) {
    check_choice("kind", mark.kind, mark_kinds);
    if (mark.rig != no_rig) {
        check_rig(mark.rig, rigs.size());
    }
    std::vector<std::byte> record = layout::new_record(
        layout::RecordType::mark, checked_size(layout::mark_bytes + padded(mark.text.size())));
    put(record, 32, mark.kind);
    put(record, 36, mark.rig);
    put(record, 40, mark.number);
    put(record, 48, mark.era);
    put(record, 52, static_cast<std::uint32_t>(mark.text.size()));
    put(record, 56, mark.value);
    put(record, 64, nanoseconds(mark.time));
    put_text(record, layout::mark_bytes, mark.text);
    return record;
}

std::vector<std::byte> encode(const Origins& origins, std::span<const RigCodecs> rigs) {
    check_rig(origins.rig, rigs.size());
    check_choice("purpose", origins.purpose, purposes);
    check_choice("split", origins.split, splits);
    if (origins.samples.empty() || origins.samples.size() > UINT32_MAX) {
        throw invalid_field(
            "samples", fmt::format("{}; valid is 1 to {}", origins.samples.size(), UINT32_MAX));
    }
    check_numbers(origins.first_number, origins.samples.size());
    std::vector<std::byte> record =
        layout::new_record(layout::RecordType::origins,
                           checked_size(layout::origins_bytes + origins.samples.size_bytes()));
    put(record, 32, origins.rig);
    put(record, 36, origins.purpose);
    put(record, 40, origins.first_number);
    put(record, 48, static_cast<std::uint32_t>(origins.samples.size()));
    put(record, 52, origins.split);
    put_bytes(record, layout::origins_bytes, std::as_bytes(origins.samples));
    return record;
}

} // namespace phyll::journal
