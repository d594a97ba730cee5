#include "drivers/core/journal/layout.hpp"

#include <bit>
#include <cassert>
#include <zlib.h>

namespace phyll::journal::layout {

static_assert(std::endian::native == std::endian::little, "journals are little-endian");

namespace {

constexpr std::size_t at_bytes = 8;
constexpr std::size_t at_type = 12;
constexpr std::size_t at_synced = 16;
constexpr std::size_t at_head_checksum = 24;
constexpr std::size_t at_body_checksum = 28;

/// The head's own checksum covers the other one, but not itself.
std::uint32_t head_checksum(std::span<const std::byte> head, std::uint32_t header_checksum) {
    const std::uint32_t first = checksum(header_checksum, head.first(at_head_checksum));
    return checksum(first, head.subspan(at_body_checksum, sizeof(std::uint32_t)));
}

} // namespace

std::uint32_t checksum(std::uint32_t from, std::span<const std::byte> bytes) {
    return static_cast<std::uint32_t>(
        crc32_z(from, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

std::vector<std::byte> new_record(RecordType type, std::size_t bytes) {
    assert(bytes >= head_bytes && bytes <= max_record_bytes && bytes % alignment == 0);
    std::vector<std::byte> record(bytes);
    put(record, at_bytes, static_cast<std::uint32_t>(bytes));
    put(record, at_type, type);
    return record;
}

void seal(std::span<std::byte> record, std::uint64_t position, std::uint64_t synced,
          std::uint32_t header_checksum) {
    put(record, 0, position);
    put(record, at_synced, synced);
    put(record, at_body_checksum, checksum(header_checksum, record.subspan(head_bytes)));
    put(record, at_head_checksum, head_checksum(record, header_checksum));
}

std::optional<Head> head_at(std::span<const std::byte> file, std::uint64_t position,
                            std::uint32_t header_checksum) {
    if (position > file.size() || file.size() - position < head_bytes) {
        return std::nullopt;
    }
    const std::span<const std::byte> bytes = file.subspan(position, head_bytes);
    const Head head{
        .position = get<std::uint64_t>(bytes, 0),
        .bytes = get<std::uint32_t>(bytes, at_bytes),
        .type = get<std::uint32_t>(bytes, at_type),
        .synced = get<std::uint64_t>(bytes, at_synced),
        .body_checksum = get<std::uint32_t>(bytes, at_body_checksum),
    };
    // The place is compared first: a search for heads meets mostly bytes that are none.
    const bool ours =
        head.position == position &&
        get<std::uint32_t>(bytes, at_head_checksum) == head_checksum(bytes, header_checksum) &&
        head.bytes >= head_bytes && head.bytes <= max_record_bytes && head.bytes % alignment == 0 &&
        head.synced <= position;
    return ours ? std::optional(head) : std::nullopt;
}

} // namespace phyll::journal::layout
